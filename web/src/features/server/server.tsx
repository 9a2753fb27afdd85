/** What the server sees and what it cannot, plainly. */
import { Eye, EyeOff } from "lucide-react";
import { Page, Section } from "../../app/page";
import { Banner } from "../../ui/banner";
import { useWords } from "../../words/words";
import styles from "./server.module.css";

export function ServerPage() {
  const words = useWords().server;
  return (
    <Page title={words.title} intro={words.intro}>
      <div className={styles.two}>
        <section className={styles.card}>
          <h2 className={styles.heading}>
            <Eye size={18} aria-hidden /> {words.sees}
          </h2>
          <ul className={styles.list}>
            {words.seesList.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </section>
        <section className={styles.card}>
          <h2 className={styles.heading}>
            <EyeOff size={18} aria-hidden /> {words.cannot}
          </h2>
          <ul className={styles.list}>
            {words.cannotList.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </section>
      </div>
      <Section title={words.can}>
        <p>{words.canWords}</p>
      </Section>
      <Banner title={words.code}>
        <p>{words.codeWords}</p>
      </Banner>
    </Page>
  );
}
