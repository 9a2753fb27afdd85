/** Lists beside a conversation: its threads, and what is pinned in it. */
import { MessageSquareText, Pin } from "lucide-react";
import { useAsked } from "../../app/asked";
import { useHere, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Conversation, Message } from "../../client/api";
import { firstWords } from "../../ui/plainwords";
import { EmptyState, Skeleton } from "../../ui/waiting";
import { useForms, useWords } from "../../words/words";
import styles from "./thread.module.css";

export function ThreadList({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const asked = useAsked(client, "threads", conversation.id);
  if (asked.refusal) return <Refused refusal={asked.refusal} onAgain={asked.again} />;
  if (!asked.value) return <Skeleton label={words.loading} />;
  if (asked.value.length === 0)
    return (
      <EmptyState icon={<MessageSquareText size={24} />} title={words.lists.noThreads}>
        {words.lists.noThreadsMore}
      </EmptyState>
    );
  return (
    <ul className={styles.list}>
      {asked.value.map((thread) => (
        <li key={`${thread.root.device} ${thread.root.id}`}>
          <MessageRow
            message={thread.message}
            more={words.timeline.answers(thread.answers)}
            onOpen={() =>
              router.go("thread", {
                id: conversation.id,
                device: thread.root.device,
                message: thread.root.id,
              })
            }
          />
        </li>
      ))}
    </ul>
  );
}

export function PinnedList({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const asked = useAsked(client, "pinned", conversation.id);
  if (asked.refusal) return <Refused refusal={asked.refusal} onAgain={asked.again} />;
  if (!asked.value) return <Skeleton label={words.loading} />;
  if (asked.value.length === 0)
    return (
      <EmptyState icon={<Pin size={24} />} title={words.lists.noPins}>
        {words.lists.noPinsMore}
      </EmptyState>
    );
  return (
    <ul className={styles.list}>
      {asked.value.map((message) => (
        <li key={message.key}>
          <MessageRow
            message={message}
            onOpen={() =>
              message.n !== null && router.go("moment", { id: conversation.id, n: String(message.n) })
            }
          />
        </li>
      ))}
    </ul>
  );
}

export function MessageRow(props: {
  message: Message | null;
  more?: string;
  where?: string;
  onOpen: () => void;
}) {
  const words = useWords();
  const forms = useForms();
  const { nameOf } = useHere();
  const { message } = props;
  return (
    <button type="button" className={styles.row} onClick={props.onOpen}>
      <span className={styles.head}>
        <bdi className={styles.name}>{message ? nameOf(message.user) : words.somebody}</bdi>
        {message && <span className={styles.soft}>{forms.brief(message.atMs)}</span>}
      </span>
      <span className={styles.words} dir="auto">
        {message
          ? message.isDeleted
            ? words.timeline.deleted
            : firstWords(message.text ?? message.poll?.question ?? "", 240)
          : words.conversation.rootMissing}
      </span>
      {(props.more || props.where) && (
        <span className={styles.soft}>
          <bdi>{props.where}</bdi> {props.more}
        </span>
      )}
    </button>
  );
}
