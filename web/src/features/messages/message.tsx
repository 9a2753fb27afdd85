/** One line of a timeline: a message with what belongs to it, or something that happened. */
import { Check, CheckCheck, Clock, MessageSquareText, Pin, Timer } from "lucide-react";
import { lazy, memo, Suspense, useMemo } from "react";
import { useHere } from "../../app/here";
import type { Conversation, Message } from "../../client/api";
import { Avatar } from "../../ui/avatar";
import { Badge } from "../../ui/badge";
import { classes } from "../../ui/classes";
import { Name } from "../../ui/name";
import { plain } from "../../ui/plain";
import { firstWords } from "../../ui/plainwords";
import { useForms, useWords, type Words } from "../../words/words";
import { MessageActions } from "./actions";
import { type Doing, refOf } from "./doing";
import { Happened } from "./happened";
import { isSaid, type Line } from "./lines";
import { DayLine, NewLine } from "./marks";
import styles from "./message.module.css";
import { PollCard } from "./poll";
import { Reactions } from "./reactions";

const Markdown = lazy(() => import("../../ui/markdown").then((module) => ({ default: module.Markdown })));

export interface MessageLineProps {
  line: Line;
  conversation: Conversation;
  doing: Doing;
  isActive: boolean;
  onActive: (key: string | null) => void;
  /** What one came here for. */
  isTarget: boolean;
  /** How many others have read it. */
  readers: number;
  isInThread: boolean;
}

export const MessageLine = memo(function MessageLine(props: MessageLineProps) {
  const { line } = props;
  const { message } = line;
  return (
    <>
      {line.beginsDay && <DayLine atMs={message.atMs} />}
      {line.beginsNew && <NewLine />}
      {isSaid(message) ? <Said {...props} /> : <Happened message={message} />}
    </>
  );
});

function Said(props: MessageLineProps) {
  const { line, isActive, onActive, doing, conversation } = props;
  const { message, isMore } = line;
  const words = useWords();
  const forms = useForms();
  const { me, person, nameOf } = useHere();
  const author = person(message.user);
  const name = nameOf(message.user);
  // Not while one of its menus is open, which lies elsewhere in the page.
  const leave = (article: HTMLElement, isBlurred = false) => {
    if (!isActive || article.querySelector("[aria-expanded=true]")) return;
    if (isBlurred || !article.contains(document.activeElement)) onActive(null);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keys a message is walked to, which shows the same
    <article
      className={classes(
        styles.message,
        isMore && styles.more,
        props.isTarget && styles.target,
        isActive && styles.active,
        message.mentionsMe && styles.mentionsMe,
      )}
      data-message={message.key}
      tabIndex={-1}
      aria-label={`${name}, ${forms.whole(message.atMs)}`}
      onPointerEnter={(event) => event.pointerType === "mouse" && onActive(message.key)}
      onPointerLeave={(event) => event.pointerType === "mouse" && leave(event.currentTarget)}
      // Of what lies in it only itself: whoever goes through links with the tab key is not stopped by more buttons at each.
      onFocus={(event) => event.target === event.currentTarget && onActive(message.key)}
      onBlur={(event) =>
        !event.currentTarget.contains(event.relatedTarget) && leave(event.currentTarget, true)
      }
      onClick={(event) => {
        // By touch there is no hovering: a tap shows what can be done.
        if (!(event.target as HTMLElement).closest("a, button, input, [role=menu]")) onActive(message.key);
      }}
    >
      <div className={styles.margin}>
        {isMore ? (
          <time className={styles.clock}>{forms.clock(message.atMs)}</time>
        ) : (
          <Avatar id={message.user ?? ""} name={name} isBot={author?.isBot ?? false} />
        )}
      </div>
      <div className={styles.body}>
        {!isMore && (
          <header className={styles.head}>
            <span className={styles.name}>
              <Name name={author?.name || name} warning={words.oddName} />
            </span>
            {author?.isBot && <Badge tone="outline">{words.bot}</Badge>}
            {author?.role === "guest" && <Badge tone="outline">{words.roles.guest}</Badge>}
            <time
              className={styles.when}
              dateTime={new Date(message.atMs).toISOString()}
              title={forms.whole(message.atMs)}
            >
              {forms.clock(message.atMs)}
            </time>
            {message.isPinned && (
              <span className={styles.note}>
                <Pin size={12} aria-hidden /> {words.timeline.pinned}
              </span>
            )}
          </header>
        )}
        {message.replyTo && <Quoted message={message} />}
        <Content {...props} />
        <Reactions message={message} me={me.user} doing={doing} />
        <footer className={styles.foot}>
          {message.answers && message.answers.count > 0 && !props.isInThread && (
            <button type="button" className={styles.answers} onClick={() => doing.openThread(message)}>
              <MessageSquareText size={14} aria-hidden />
              <span>{words.timeline.answers(message.answers.count)}</span>
              {message.answers.lastAtMs !== null && (
                <span className={styles.soft}>
                  {words.timeline.lastAnswer(forms.ago(message.answers.lastAtMs))}
                </span>
              )}
            </button>
          )}
          <Fate
            message={message}
            isMine={message.user === me.user}
            readers={props.readers}
            isDirect={conversation.kind === "direct"}
            words={words}
          />
        </footer>
      </div>
      {isActive && refOf(message) && !message.isDeleted && message.type !== "expired" && (
        <MessageActions
          message={message}
          conversation={conversation}
          doing={doing}
          isInThread={props.isInThread}
        />
      )}
    </article>
  );
}

function Quoted({ message }: { message: Message }) {
  const words = useWords();
  const { nameOf } = useHere();
  const { replyTo } = message;
  if (!replyTo) return null;
  return (
    <p className={styles.quoted}>
      <span className={styles.quotedName}>
        <bdi>{nameOf(replyTo.user)}</bdi>
      </span>{" "}
      <bdi>{replyTo.text === null ? words.timeline.goneMessage : firstWords(replyTo.text)}</bdi>
    </p>
  );
}

function Content({ line: { message }, conversation, doing }: MessageLineProps) {
  const words = useWords();
  const forms = useForms();
  const { me, nameOf } = useHere();
  const mentions = useMemo(
    () => message.mentions.map((id) => ({ name: nameOf(id), isMe: id === me.user })),
    [message.mentions, nameOf, me.user],
  );
  const marks = useMemo(
    () => ({
      mixed: words.timeline.mixedHost,
      foreign: words.timeline.foreignHost,
      picture: words.timeline.picture,
    }),
    [words],
  );
  if (message.isDeleted) return <p className={styles.gone}>{words.timeline.deleted}</p>;
  if (message.type === "expired") return <p className={styles.gone}>{words.timeline.expired}</p>;
  if (message.type === "unknown") return <p className={styles.gone}>{words.timeline.unknown}</p>;
  if (message.type === "unreadable") {
    const says = message.reason === "Waiting" ? words.timeline.waitingOne : words.timeline.unreadable;
    return <p className={styles.gone}>{says}</p>;
  }
  if (message.type === "poll" && message.poll)
    return <PollCard message={message} poll={message.poll} conversation={conversation} doing={doing} />;
  return (
    <div className={styles.text}>
      <Suspense fallback={<p className={styles.asis}>{plain(message.text ?? "")}</p>}>
        <Markdown text={message.text ?? ""} words={marks} mentions={mentions} />
      </Suspense>
      {message.isEdited && <span className={styles.soft}> ({words.timeline.edited})</span>}
      {message.expiresAtMs !== null && (
        <span className={styles.note}>
          <Timer size={12} aria-hidden /> {words.timeline.expires(forms.ago(message.expiresAtMs))}
        </span>
      )}
    </div>
  );
}

/** Sending, sent, read: a shape for each, and its word for who does not see it. */
function Fate(props: {
  message: Message;
  isMine: boolean;
  readers: number;
  isDirect: boolean;
  words: Words;
}) {
  const { message, words } = props;
  if (!props.isMine) return null;
  if (message.n === null)
    return (
      <span className={styles.fate}>
        <Clock size={13} aria-hidden /> {words.timeline.waitsToSend}
      </span>
    );
  const says =
    props.readers === 0
      ? words.timeline.sent
      : props.isDirect
        ? words.timeline.readOne
        : words.timeline.read(props.readers);
  const Picture = props.readers === 0 ? Check : CheckCheck;
  return (
    <span className={classes(styles.fate, styles.quiet)} title={says}>
      <Picture size={13} aria-hidden />
      <span className="visually-hidden">{says}</span>
    </span>
  );
}
