/** All emoji, from data that comes only when they are asked for: searched in the person's language, walked by keys. */
import { useContext, useEffect, useMemo, useState } from "react";
import { SearchField } from "../../ui/field";
import { Skeleton } from "../../ui/waiting";
import { type Language, SpeechContext, useWords } from "../../words/words";
import styles from "./emoji.module.css";

interface Emoji {
  /** The emoji itself. */
  unicode: string;
  label: string;
  tags?: string[];
  group?: number;
}

/** The data's own numbers of the groups that are shown; 2 holds parts such as skin tones. */
const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9];
const MOST_FOUND = 90;

async function dataOf(language: Language): Promise<Emoji[]> {
  const data =
    language === "de"
      ? await import("emojibase-data/de/compact.json")
      : await import("emojibase-data/en/compact.json");
  return data.default as Emoji[];
}

export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const words = useWords();
  const { language } = useContext(SpeechContext);
  const [all, setAll] = useState<Emoji[] | null>(null);
  const [query, setQuery] = useState("");
  const [group, setGroup] = useState(0);
  useEffect(() => {
    let isHere = true;
    dataOf(language).then((data) => isHere && setAll(data.filter((each) => each.group !== undefined)));
    return () => {
      isHere = false;
    };
  }, [language]);
  const shown = useMemo(() => {
    const asked = query.trim().toLocaleLowerCase();
    if (!all) return [];
    if (!asked) return all.filter((each) => each.group === group);
    return all
      .filter((each) => each.label.includes(asked) || each.tags?.some((tag) => tag.startsWith(asked)))
      .slice(0, MOST_FOUND);
  }, [all, query, group]);
  return (
    <div className={styles.picker}>
      <SearchField
        label={words.emoji.search}
        value={query}
        onChange={setQuery}
        clear={words.clear}
        autoFocus
        onSubmit={() => shown[0] && onPick(shown[0].unicode)}
      />
      {!query && (
        <div className={styles.groups}>
          {GROUPS.map((number) => (
            <button
              key={number}
              type="button"
              className={styles.group}
              aria-pressed={group === number}
              aria-label={words.emoji.groups[number] ?? ""}
              title={words.emoji.groups[number] ?? ""}
              onClick={() => setGroup(number)}
            >
              <span aria-hidden>{all?.find((each) => each.group === number)?.unicode}</span>
            </button>
          ))}
        </div>
      )}
      {!all && <Skeleton label={words.loading} rows={4} />}
      {all && shown.length === 0 && <p className={styles.none}>{words.emoji.none}</p>}
      <div className={styles.grid}>
        {shown.map((each) => (
          <button
            key={each.unicode}
            type="button"
            className={styles.emoji}
            aria-label={each.label}
            title={each.label}
            onClick={() => onPick(each.unicode)}
          >
            <span aria-hidden>{each.unicode}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
