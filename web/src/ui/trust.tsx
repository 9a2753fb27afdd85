/** How somebody's identity is known, as shape, word and colour: filled, outlined, dotted, striped. */
import { classes } from "./classes";
import styles from "./trust.module.css";

export type TrustLevel = "in_person" | "link" | "owner" | "server" | "reset";

export function TrustMark({
  level,
  words,
  isPlain,
}: {
  level: TrustLevel;
  words: string;
  isPlain?: boolean;
}) {
  return (
    <span className={classes(styles.trust, styles[level], isPlain && styles.bare)}>
      <span className={styles.mark} aria-hidden />
      {words}
    </span>
  );
}
