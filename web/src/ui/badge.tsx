/** A number or a word that stands beside something. */
import type { ReactNode } from "react";
import styles from "./badge.module.css";
import { classes } from "./classes";

export function Badge(props: {
  tone?: "accent" | "quiet" | "care" | "danger" | "outline";
  children: ReactNode;
  /** What it says to somebody who only hears it. */
  label?: string;
}) {
  return (
    <span className={classes(styles.badge, styles[props.tone ?? "quiet"])}>
      {props.label ? (
        <>
          <span className={styles.seen} aria-hidden>
            {props.children}
          </span>
          <span className="visually-hidden">{props.label}</span>
        </>
      ) : (
        props.children
      )}
    </span>
  );
}
