/** What is shown while something comes, and what when there is nothing. */
import { type ReactNode, useEffect, useState } from "react";
import { ProgressBar } from "react-aria-components";
import { classes } from "./classes";
import styles from "./waiting.module.css";

const PATIENCE_MS = 200;

/** True once something has taken longer than a person notices. */
export function useLate(): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLate;
}

/** Grey shapes where content will be; only after 200 ms, so that what is quick does not flicker. */
export function Skeleton({
  rows = 6,
  label,
  isPeople,
}: {
  rows?: number;
  label: string;
  isPeople?: boolean;
}) {
  const isLate = useLate();
  if (!isLate) return null;
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all the same
        <div key={at} className={styles.bones} data-odd={at % 3}>
          {isPeople && <span className={styles.head} />}
          <span className={styles.bone} />
        </div>
      ))}
    </div>
  );
}

export function EmptyState(props: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {props.icon && (
        <span className={styles.picture} aria-hidden>
          {props.icon}
        </span>
      )}
      <p className={styles.title}>{props.title}</p>
      {props.children && <div className={styles.words}>{props.children}</div>}
      {props.actions && <div className={styles.actions}>{props.actions}</div>}
    </div>
  );
}

/** value null: it takes as long as it takes. */
export function Progress({
  label,
  value,
  isLabelHidden,
}: {
  label: string;
  value: number | null;
  isLabelHidden?: boolean;
}) {
  return (
    <ProgressBar
      aria-label={label}
      isIndeterminate={value === null}
      value={value ?? 0}
      className={classes(styles.progress)}
    >
      {({ percentage, valueText }) => (
        <>
          {!isLabelHidden && (
            <span className={styles.labels}>
              <span>{label}</span>
              {value !== null && <span>{valueText}</span>}
            </span>
          )}
          <span className={styles.track}>
            <span
              className={classes(styles.fill, value === null && styles.going)}
              style={value === null ? {} : { inlineSize: `${percentage ?? 0}%` }}
            />
          </span>
        </>
      )}
    </ProgressBar>
  );
}
