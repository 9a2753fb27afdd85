/** One conversation in the list: who, what was said last, what is new. */
import { AtSign, BellOff } from "lucide-react";
import { memo } from "react";
import { useHere } from "../../app/here";
import { useRouter } from "../../app/router";
import type { Conversation, Hex } from "../../client/api";
import { Avatar, ConversationPicture } from "../../ui/avatar";
import { Badge } from "../../ui/badge";
import { classes } from "../../ui/classes";
import { Name } from "../../ui/name";
import { firstWords } from "../../ui/plainwords";
import { useForms, useWords } from "../../words/words";
import styles from "./list.module.css";
import { useTitle } from "./title";

export const Row = memo(function Row(props: { conversation: Conversation; isOpen: boolean; me: Hex }) {
  const { conversation } = props;
  const words = useWords();
  const forms = useForms();
  const router = useRouter();
  const title = useTitle(conversation);
  const isUnread = conversation.unread > 0;
  const isLoud = isUnread && !conversation.isMuted;
  const figure = conversation.unread > 99 ? "99+" : forms.number(conversation.unread);
  return (
    <li>
      <a
        className={classes(styles.row, props.isOpen && styles.open, isLoud && styles.unread)}
        href={router.href("conversation", { id: conversation.id })}
        aria-current={props.isOpen ? "page" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          router.go("conversation", { id: conversation.id });
        }}
      >
        <Picture conversation={conversation} me={props.me} />
        <span className={styles.words}>
          <span className={styles.line}>
            <span className={styles.name}>
              <Name name={title} warning={words.oddName} />
            </span>
            {conversation.isMuted && (
              <BellOff size={13} aria-label={words.shell.muted} className={styles.soft} />
            )}
            {conversation.lastAtMs !== null && (
              <time className={styles.when} dateTime={new Date(conversation.lastAtMs).toISOString()}>
                {forms.brief(conversation.lastAtMs)}
              </time>
            )}
          </span>
          <span className={styles.line}>
            <Last conversation={conversation} me={props.me} />
            {conversation.mentions > 0 && (
              <Badge tone="accent" label={words.shell.mentions(conversation.mentions)}>
                <AtSign size={12} strokeWidth={2.5} />
              </Badge>
            )}
            {isUnread && (
              <Badge
                tone={isLoud ? "accent" : "quiet"}
                label={words.shell.unread(conversation.unread, conversation.unreadIsLeast)}
              >
                {figure}
                {conversation.unreadIsLeast && conversation.unread <= 99 && "+"}
              </Badge>
            )}
          </span>
        </span>
      </a>
    </li>
  );
});

/** Who types, what is half written, or what was said last. */
function Last({ conversation, me }: { conversation: Conversation; me: Hex }) {
  const words = useWords();
  const forms = useForms();
  const { nameOf } = useHere();
  if (conversation.typing.length > 0) {
    const names = conversation.typing.map((id) => nameOf(id));
    return (
      <span className={classes(styles.last, styles.typing)}>
        {words.shell.typing(names, forms.list(names))}
      </span>
    );
  }
  if (conversation.state === "joining") return <span className={styles.last}>{words.shell.joining}</span>;
  if (conversation.draft.trim()) {
    return (
      <span className={styles.last}>
        <em className={styles.draft}>{words.shell.draft}:</em> {firstWords(conversation.draft, 80)}
      </span>
    );
  }
  const { last } = conversation;
  if (!last) return <span className={styles.last}>{conversation.topic}</span>;
  const who = last.user === me ? words.you : conversation.kind === "direct" ? "" : nameOf(last.user);
  return (
    <span className={styles.last}>
      {who && last.text && (
        <>
          <bdi>{who}</bdi>:{" "}
        </>
      )}
      <bdi>{firstWords(last.text, 100)}</bdi>
    </span>
  );
}

export function Picture({
  conversation,
  me,
  size = 28,
}: {
  conversation: Conversation;
  me: Hex;
  size?: 28 | 36 | 64;
}) {
  const words = useWords();
  const { person } = useHere();
  const other =
    conversation.kind === "direct" ? person(conversation.people.find((id) => id !== me) ?? null) : undefined;
  if (other)
    return (
      <Avatar
        id={other.id}
        name={other.name || other.account}
        isBot={other.isBot}
        size={size}
        presence={other.presence}
        {...(other.presence ? { presenceWords: words.presence[other.presence] } : {})}
      />
    );
  const kind = conversation.isAnnouncement
    ? "announcement"
    : conversation.kind === "channel" || conversation.kind === "general"
      ? "channel"
      : conversation.kind === "personal"
        ? "personal"
        : "group";
  return <ConversationPicture kind={kind} size={size} />;
}
