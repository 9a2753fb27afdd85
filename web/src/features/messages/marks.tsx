/** The lines between messages: a day, and where what is new begins. */
import { useForms, useWords } from "../../words/words";
import styles from "./timeline.module.css";

export function DayLine({ atMs }: { atMs: number }) {
  const forms = useForms();
  return (
    <div className={styles.day}>
      <h3 className={styles.dayWords}>{forms.day(atMs)}</h3>
    </div>
  );
}

export function NewLine() {
  const words = useWords();
  return (
    <div className={styles.new}>
      <span>{words.timeline.unreadLine}</span>
    </div>
  );
}
