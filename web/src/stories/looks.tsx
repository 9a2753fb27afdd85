/** The design system's own page: every component and every page in all its states, on sample data. looks.html#conversation/de shows one story in German. */
import "../look/look.css";
import { createRoot } from "react-dom/client";
import { prefer } from "../app/preferences";
import type { Language } from "../words/words";
import { Gallery } from "./gallery";
import styles from "./looks.module.css";
import { ALL, PAGES, STANDINGS, type Story } from "./stories";

const [id = "", ...wishes] = location.hash.slice(1).split("/");
for (const wish of wishes) {
  if (wish === "de" || wish === "en") prefer({ language: wish as Language });
  if (wish === "compact") prefer({ density: "compact" });
  if (wish === "contrast") prefer({ contrast: "more" });
  if (wish === "light" || wish === "dark") prefer({ theme: wish });
  if (wish === "rtl") document.documentElement.dir = "rtl";
}
addEventListener("hashchange", () => location.reload());

function Index() {
  return (
    <main className={styles.index}>
      <h1 className={styles.title}>Looks</h1>
      <p>
        Every component, page and state, on sample data. Add /de, /dark, /contrast, /compact or /rtl to an
        address.
      </p>
      <p>
        <a href="#gallery">Components</a>
      </p>
      {Object.entries(PAGES).map(([name, stories]) => (
        <Stories key={name} kind="route" name={name} stories={stories} />
      ))}
      {Object.entries(STANDINGS).map(([name, stories]) => (
        <Stories key={name} kind="standing" name={name} stories={stories} />
      ))}
    </main>
  );
}

function Stories({ kind, name, stories }: { kind: string; name: string; stories: Story[] }) {
  return (
    <section>
      <h2>{name}</h2>
      <ul>
        {stories.map((story) => (
          <li key={story.id}>
            <a href={`#${story.id}`} data-story={story.id} data-kind={kind} data-name={name}>
              {story.title}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

const place = document.getElementById("app");
const story = ALL.find((each) => each.id === id);
if (place) createRoot(place).render(story ? story.show() : id === "gallery" ? <Gallery /> : <Index />);
