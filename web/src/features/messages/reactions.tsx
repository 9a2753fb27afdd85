/** Emoji under a message, with who gave them. */
import { useHere } from "../../app/here";
import type { Hex, Message } from "../../client/api";
import { classes } from "../../ui/classes";
import { useForms, useWords } from "../../words/words";
import { type Doing, refOf } from "./doing";
import styles from "./message.module.css";

export function Reactions({ message, me, doing }: { message: Message; me: Hex; doing: Doing }) {
  const words = useWords();
  const forms = useForms();
  const { nameOf } = useHere();
  const target = refOf(message);
  const given = message.reactions.filter((each) => each.people.length > 0);
  if (given.length === 0 || message.isDeleted) return null;
  return (
    <ul className={styles.reactions}>
      {given.map(({ emoji, people }) => {
        const isMine = people.includes(me);
        const who = forms.list(people.map((id) => (id === me ? words.you : nameOf(id))));
        return (
          <li key={emoji}>
            <button
              type="button"
              className={classes(styles.reaction, isMine && styles.mine)}
              aria-pressed={isMine}
              title={who}
              onClick={() => target && void doing.send({ type: "react", target, emoji, on: !isMine })}
            >
              <span>{emoji}</span>
              <span>{forms.number(people.length)}</span>
              <span className="visually-hidden">{who}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
