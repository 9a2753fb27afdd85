/** A conversation: its head, what was said, and where one writes. */
import { ArrowLeft, CalendarDays, Info, ListTree, Pin } from "lucide-react";
import { useCallback, useState } from "react";
import { useHere, useTools } from "../../app/here";
import { useRouter } from "../../app/router";
import type { Conversation, Hex, Message } from "../../client/api";
import { Button, IconButton } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Popover } from "../../ui/menu";
import { Name } from "../../ui/name";
import { toast } from "../../ui/toast";
import { useForms, useWords } from "../../words/words";
import { Composer } from "../messages/composer";
import { useDoingMessages } from "../messages/doing";
import { DeleteDialog } from "../messages/remove";
import { Timeline } from "../messages/timeline";
import styles from "./conversation.module.css";
import { Picture } from "./row";
import { useTitle } from "./title";

export function ConversationView({
  conversation,
  from,
}: {
  conversation: Conversation;
  from: number | null;
}) {
  const doing = useDoingMessages(conversation);
  const router = useRouter();
  const { client } = useTools();
  const { me } = useHere();
  const lastOwn = useCallback(async () => {
    const { messages } = await client.timeline(conversation.id, null, 60);
    return messages.findLast((each) => isOwnText(each, me.user) && each.thread === null) ?? null;
  }, [client, conversation.id, me.user]);
  const { id } = conversation;
  return (
    <section className={styles.conversation}>
      <Head conversation={conversation} />
      <Timeline
        key={`${id} ${from}`}
        conversation={conversation}
        root={null}
        from={from}
        doing={doing}
        onNewest={() => router.go("conversation", { id })}
      />
      <Whispers conversation={conversation} />
      <Composer key={id} conversation={conversation} thread={null} doing={doing} lastOwn={lastOwn} />
      <DeleteDialog doing={doing} />
    </section>
  );
}

export function isOwnText(message: Message, me: Hex): boolean {
  return (
    message.user === me &&
    message.type === "text" &&
    !message.isDeleted &&
    message.device !== null &&
    message.n !== null
  );
}

/** Who types: its place is always there, so that the composer never jumps. */
function Whispers({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const forms = useForms();
  const { nameOf } = useHere();
  const names = conversation.typing.map((id) => nameOf(id));
  return (
    <p className={styles.whispers} aria-live="polite">
      {names.length > 0 && words.shell.typing(names, forms.list(names))}
    </p>
  );
}

function Head({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const router = useRouter();
  const { me } = useHere();
  const title = useTitle(conversation);
  const { id } = conversation;
  return (
    <header className={styles.head}>
      <span className={styles.back}>
        <IconButton label={words.back} onPress={() => router.go("home", {})}>
          <ArrowLeft size={20} />
        </IconButton>
      </span>
      <button type="button" className={styles.title} onClick={() => router.go("details", { id })}>
        <Picture conversation={conversation} me={me.user} />
        <span className={styles.words}>
          <h1 className={styles.name}>
            <Name name={title} warning={words.oddName} />
          </h1>
          <span className={styles.under}>
            {conversation.topic ? (
              <bdi>{conversation.topic}</bdi>
            ) : (
              words.conversation.people(conversation.people.length)
            )}
          </span>
        </span>
      </button>
      <GoToDate conversation={conversation} />
      <span className={styles.wide}>
        <IconButton label={words.conversation.pinned} onPress={() => router.go("pinned", { id })}>
          <Pin size={18} />
        </IconButton>
        <IconButton label={words.conversation.threads} onPress={() => router.go("threads", { id })}>
          <ListTree size={18} />
        </IconButton>
      </span>
      <IconButton label={words.conversation.details} onPress={() => router.go("details", { id })}>
        <Info size={18} />
      </IconButton>
    </header>
  );
}

function GoToDate({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const [day, setDay] = useState("");
  const go = async (close: () => void) => {
    const atMs = new Date(`${day}T00:00`).getTime();
    if (Number.isNaN(atMs)) return;
    const n = await client.numberAt(conversation.id, atMs).catch(() => null);
    if (n === null) return toast(words.timeline.noneThen);
    close();
    router.go("moment", { id: conversation.id, n: String(n) });
  };
  return (
    <Popover
      label={words.timeline.jumpTo}
      button={
        <IconButton label={words.timeline.jumpTo}>
          <CalendarDays size={18} />
        </IconButton>
      }
    >
      {(close) => (
        <form
          className={styles.date}
          onSubmit={(event) => {
            event.preventDefault();
            void go(close);
          }}
        >
          <TextField label={words.timeline.date} type="date" value={day} onChange={setDay} autoFocus />
          <Button type="submit" weight="primary" isDisabled={!day}>
            {words.timeline.go}
          </Button>
        </form>
      )}
    </Popover>
  );
}
