/** Something that stays until it is over or answered: said with a picture and words, in the place it is about. */
import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./banner.module.css";
import { classes } from "./classes";

const PICTURES = { info: Info, care: TriangleAlert, danger: CircleAlert } as const;

export function Banner(props: {
  tone?: keyof typeof PICTURES;
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  icon?: ReactNode;
  /** Across the whole width, without corners. */
  isBand?: boolean;
  /** Said aloud when it comes. */
  isLive?: boolean;
}) {
  const tone = props.tone ?? "info";
  const Picture = PICTURES[tone];
  return (
    <div
      className={classes(styles.banner, styles[tone], props.isBand && styles.band)}
      {...(props.isLive ? { role: tone === "danger" ? "alert" : "status" } : {})}
    >
      <span className={styles.icon} aria-hidden>
        {props.icon ?? <Picture size={18} />}
      </span>
      <div className={styles.words}>
        {props.title && <p className={styles.title}>{props.title}</p>}
        {props.children}
      </div>
      {props.actions && <div className={styles.actions}>{props.actions}</div>}
    </div>
  );
}
