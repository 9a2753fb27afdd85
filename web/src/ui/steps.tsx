/** Where one is in a few steps, in shape, figure and word. */
import { Check } from "lucide-react";
import { classes } from "./classes";
import styles from "./steps.module.css";

export function Steps({ names, at, said }: { names: string[]; at: number; said: string }) {
  return (
    <ol className={styles.steps} aria-label={said}>
      {names.map((name, step) => (
        <li
          key={name}
          className={classes(styles.step, step < at && styles.done, step === at && styles.now)}
          {...(step === at ? { "aria-current": "step" as const } : {})}
        >
          <span className={styles.mark} aria-hidden>
            {step < at ? <Check size={13} strokeWidth={3} /> : step + 1}
          </span>
          <span className={styles.name}>{name}</span>
        </li>
      ))}
    </ol>
  );
}
