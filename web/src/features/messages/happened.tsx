/** What happened in a conversation, as against what was said: somebody came, it was named. */
import { Hash, LogOut, Pencil, UserPlus } from "lucide-react";
import type { ReactNode } from "react";
import { useHere } from "../../app/here";
import type { Message } from "../../client/api";
import { isolated } from "../../ui/links";
import { useForms, useWords } from "../../words/words";
import styles from "./message.module.css";

const PICTURES: Partial<Record<Message["type"], ReactNode>> = {
  joined: <UserPlus size={15} />,
  left: <LogOut size={15} />,
  title: <Pencil size={15} />,
  topic: <Pencil size={15} />,
  channel: <Hash size={15} />,
  channel_closed: <Hash size={15} />,
};

export function Happened({ message }: { message: Message }) {
  const forms = useForms();
  const says = useHappened(message);
  return (
    <div className={styles.happened}>
      <span className={styles.happenedIcon} aria-hidden>
        {PICTURES[message.type]}
      </span>
      <p>
        {says} <time className={styles.soft}>{forms.clock(message.atMs)}</time>
      </p>
    </div>
  );
}

function useHappened(message: Message): string {
  const words = useWords().timeline;
  const forms = useForms();
  const { nameOf } = useHere();
  // Isolated, so that a name written from right to left does not turn the sentence around.
  const named = (id: string | null) => isolated(nameOf(id));
  const who = named(message.user ?? message.by);
  const them = forms.list(message.people.map((id) => named(id)));
  const isBySelf = message.by === null || (message.people.length === 1 && message.people[0] === message.by);
  const by = isBySelf ? null : named(message.by);
  switch (message.type) {
    case "joined":
      return words.joined(them, by);
    case "left":
      return words.left(them, by);
    case "title":
      return message.text ? words.title(who, isolated(message.text)) : words.titleGone(who);
    case "topic":
      return words.topic(who, isolated(message.text ?? ""));
    case "channel":
      return words.channel(who, isolated(message.text ?? ""));
    case "channel_closed":
      return words.channelClosed(who, isolated(message.text ?? ""));
    default:
      return words.unknown;
  }
}
