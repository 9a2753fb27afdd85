/** The frame of every page before one is in: a narrow column on a calm ground. */
import type { ReactNode } from "react";
import styles from "./door.module.css";

export function Door(props: { title?: string; children: ReactNode; before?: ReactNode; isWide?: boolean }) {
  return (
    <main className={styles.door}>
      <div className={styles.column} data-wide={props.isWide || undefined}>
        <Mark />
        {props.before}
        {props.title && <h1 className={styles.title}>{props.title}</h1>}
        {props.children}
      </div>
    </main>
  );
}

/** The mark of Inmost: what lies within. */
export function Mark({ isSmall }: { isSmall?: boolean }) {
  const side = isSmall ? 24 : 40;
  return (
    <svg
      className={styles.mark}
      width={side}
      height={side}
      viewBox="0 0 40 40"
      aria-hidden="true"
      focusable="false"
    >
      <rect x="2" y="2" width="36" height="36" rx="12" fill="var(--accent)" />
      <circle
        cx="20"
        cy="20"
        r="10.5"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="2.5"
        opacity="0.55"
      />
      <circle cx="20" cy="20" r="4.5" fill="var(--on-accent)" />
    </svg>
  );
}
