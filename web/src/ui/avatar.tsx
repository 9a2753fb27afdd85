/** Who or what it is, at a glance: initials on a colour of their own, round for people, square for bots and channels. */
import { Hash, Megaphone, NotebookPen, Users } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./avatar.module.css";
import { classes } from "./classes";
import { plainName } from "./links";

export type AvatarSize = 20 | 28 | 36 | 64;
export type Presence = "active" | "idle" | null;

/** The first letters of the first and last word; whole graphemes, so that no script is cut apart. */
export function initialsOf(name: string): string {
  const words = plainName(name).trim().split(/\s+/).filter(Boolean);
  const first = (word: string | undefined) => {
    const part = new Intl.Segmenter()
      .segment(word ?? "")
      [Symbol.iterator]()
      .next();
    return part.done ? "" : part.value.segment;
  };
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "")).toLocaleUpperCase();
}

/** One of eight colours, always the same for one id. */
function hueOf(id: string): number {
  let sum = 7;
  for (const letter of id.slice(0, 16)) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return sum % 8;
}

export function Avatar(props: {
  id: string;
  name: string;
  size?: AvatarSize;
  isBot?: boolean;
  presence?: Presence;
  /** Said beside it otherwise; without it the picture is decoration. */
  presenceWords?: string;
}) {
  const size = props.size ?? 36;
  return (
    <span className={classes(styles.avatar, styles[`s${size}`])}>
      <span
        className={classes(styles.face, props.isBot && styles.square)}
        data-hue={hueOf(props.id)}
        aria-hidden
      >
        {initialsOf(props.name)}
      </span>
      {props.presence && (
        <span
          className={classes(styles.presence, styles[props.presence])}
          {...(props.presenceWords
            ? { role: "img", "aria-label": props.presenceWords }
            : { "aria-hidden": true })}
        />
      )}
    </span>
  );
}

const PICTURES = { channel: Hash, announcement: Megaphone, group: Users, personal: NotebookPen } as const;

export function ConversationPicture(props: { kind: keyof typeof PICTURES; size?: AvatarSize }): ReactNode {
  const size = props.size ?? 28;
  const Picture = PICTURES[props.kind];
  return (
    <span className={classes(styles.avatar, styles[`s${size}`])} aria-hidden>
      <span className={classes(styles.face, styles.square, styles.plain)}>
        <Picture size={Math.round(size * 0.56)} strokeWidth={2} />
      </span>
    </span>
  );
}
