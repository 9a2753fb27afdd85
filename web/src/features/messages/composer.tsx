/** Where one writes: grows with the text, completes names, keeps drafts, and never jumps. */
import { AtSign, ChartBarBig, Plus, SendHorizontal, Smile, X } from "lucide-react";
import {
  type KeyboardEvent,
  lazy,
  Suspense,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { useHere } from "../../app/here";
import type { Conversation, Message, Person, Ref } from "../../client/api";
import { Avatar } from "../../ui/avatar";
import { IconButton } from "../../ui/button";
import { isolated } from "../../ui/links";
import { Menu, Popover } from "../../ui/menu";
import { firstWords } from "../../ui/plainwords";
import { Skeleton } from "../../ui/waiting";
import { useWords } from "../../words/words";
import { useTitle } from "../conversations/title";
import styles from "./composer.module.css";
import { type Doing, refOf } from "./doing";
import { useDraft } from "./draft";
import { type Completing, completing, mentionsIn } from "./mentions";

const EmojiPicker = lazy(() => import("./emoji").then((module) => ({ default: module.EmojiPicker })));
const PollDialog = lazy(() => import("./ask").then((module) => ({ default: module.PollDialog })));

export interface ComposerProps {
  conversation: Conversation;
  /** Write into this thread; null: into the conversation. */
  thread: Ref | null;
  doing: Doing;
  /** One's own newest message that can be edited. */
  lastOwn: () => Promise<Message | null>;
}

/** UTF-8 bytes that fit, with room for what a message says beside its words. */
const LONGEST_BYTES = 60_000;

export function Composer({ conversation, thread, doing, lastOwn }: ComposerProps) {
  const words = useWords();
  const { people, me } = useHere();
  const title = useTitle(conversation);
  const area = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const { text, setText, sent } = useDraft(conversation, thread);
  const [at, setAt] = useState<Completing | null>(null);
  const [chosen, setChosen] = useState(0);
  const [isAsking, setAsking] = useState(false);
  const { editing, replyingTo } = thread
    ? { editing: doing.editing?.thread ? doing.editing : null, replyingTo: null }
    : doing;
  useGrowing(area, text);

  useEffect(() => {
    if (!editing) return;
    setText(editing.text ?? "");
    area.current?.focus();
  }, [editing, setText]);
  useEffect(() => {
    if (replyingTo) area.current?.focus();
  }, [replyingTo]);

  if (conversation.state === "removed") return <p className={styles.closed}>{words.composer.notMember}</p>;
  if (!conversation.mayPost) return <p className={styles.closed}>{words.composer.announcement}</p>;

  const here = people.filter((each) => conversation.people.includes(each.id) && each.id !== me.user);
  const found = at ? matching(here, at.query) : [];
  const tooLong = text.length > LONGEST_BYTES / 4 && new TextEncoder().encode(text).length > LONGEST_BYTES;

  const stop = () => {
    if (editing) setText("");
    doing.edit(null);
    doing.reply(null);
  };
  const send = async () => {
    const said = text.trim();
    if (!said || tooLong) return;
    const mentions = mentionsIn(said, people);
    const target = editing && refOf(editing);
    const replyTo = replyingTo && refOf(replyingTo);
    const before = text;
    sent();
    stop();
    area.current?.focus();
    const isSent = await doing.send(
      target
        ? { type: "edit", target, text: said, mentions }
        : {
            type: "text",
            text: said,
            mentions,
            ...(replyTo ? { replyTo } : {}),
            ...(thread ? { thread } : {}),
          },
    );
    // What was refused stands there again, unless something new was begun.
    if (!isSent && area.current?.value === "") setText(before);
  };
  const put = (piece: string, from: number, to: number) => {
    const now = text.slice(0, from) + piece + text.slice(to);
    // At once, so that what is typed next stands after it.
    flushSync(() => {
      setText(now);
      setAt(null);
    });
    area.current?.focus();
    area.current?.setSelectionRange(from + piece.length, from + piece.length);
  };
  const complete = (person: Person) => at && put(`@${person.name || person.account} `, at.from, at.to);
  const caret = () => area.current?.selectionStart ?? text.length;

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (at && found.length > 0) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        return setChosen((chosen + step + found.length) % found.length);
      }
      if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        const person = found[chosen];
        return person && complete(person);
      }
      if (event.key === "Escape") {
        event.stopPropagation();
        return setAt(null);
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      return void send();
    }
    if (event.key === "Escape" && (editing || replyingTo)) {
      event.stopPropagation();
      return stop();
    }
    if (event.key === "ArrowUp" && text === "" && !editing) {
      event.preventDefault();
      lastOwn().then(
        (last) => last && doing.edit(last),
        () => {},
      );
    }
  };
  return (
    <div className={styles.composer}>
      {(editing || replyingTo) && (
        <div className={styles.about}>
          <span className={styles.aboutWords}>
            {editing ? words.composer.editing : <About message={replyingTo} />}
          </span>
          <IconButton label={words.composer.stop} isSmall onPress={stop}>
            <X size={16} />
          </IconButton>
        </div>
      )}
      {at && found.length > 0 && (
        <Completions
          id={listId}
          people={found}
          chosen={chosen}
          onChoose={complete}
          label={words.composer.mention}
        />
      )}
      <div className={styles.frame}>
        <Menu
          label={words.composer.add}
          placement="top start"
          button={
            <IconButton label={words.composer.add}>
              <Plus size={20} />
            </IconButton>
          }
          entries={[
            {
              id: "poll",
              label: words.composer.poll,
              icon: <ChartBarBig size={16} />,
              onAction: () => setAsking(true),
            },
            {
              id: "mention",
              label: words.composer.mention,
              icon: <AtSign size={16} />,
              onAction: () => begin("@"),
            },
          ]}
        />
        <textarea
          ref={area}
          className={styles.area}
          rows={1}
          value={text}
          dir="auto"
          aria-label={thread ? words.composer.thread : words.composer.label(title)}
          placeholder={thread ? words.composer.thread : words.composer.label(title)}
          aria-autocomplete="list"
          aria-controls={at && found.length > 0 ? listId : undefined}
          aria-activedescendant={at && found[chosen] ? `${listId} ${found[chosen].id}` : undefined}
          onChange={(event) => {
            setText(event.target.value);
            setAt(completing(event.target.value, event.target.selectionStart));
            setChosen(0);
          }}
          onSelect={() => setAt(completing(text, caret()))}
          onKeyDown={onKeyDown}
          onBlur={() => setTimeout(() => setAt(null), 150)}
        />
        <Popover
          label={words.composer.emoji}
          placement="top end"
          button={
            <IconButton label={words.composer.emoji}>
              <Smile size={20} />
            </IconButton>
          }
        >
          {(close) => (
            <Suspense fallback={<Skeleton label={words.loading} rows={3} />}>
              <EmojiPicker
                onPick={(emoji) => {
                  put(emoji, caret(), area.current?.selectionEnd ?? caret());
                  close();
                }}
              />
            </Suspense>
          )}
        </Popover>
        <IconButton
          label={words.composer.send}
          onPress={() => void send()}
          isDisabled={!text.trim() || tooLong}
        >
          <SendHorizontal size={20} />
        </IconButton>
      </div>
      {tooLong && <p className={styles.long}>{words.composer.tooLong}</p>}
      {isAsking && (
        <Suspense>
          <PollDialog thread={thread} doing={doing} onClose={() => setAsking(false)} />
        </Suspense>
      )}
    </div>
  );

  function begin(sign: string) {
    const from = caret();
    const piece = from > 0 && !/\s$/.test(text.slice(0, from)) ? ` ${sign}` : sign;
    const now = text.slice(0, from) + piece + text.slice(from);
    put(piece, from, from);
    setAt(completing(now, from + piece.length));
  }
}

function About({ message }: { message: Message | null }) {
  const words = useWords();
  const { nameOf } = useHere();
  if (!message) return null;
  return (
    <>
      {words.composer.replyingTo(isolated(nameOf(message.user)))}:{" "}
      <bdi>{firstWords(message.text ?? "", 90)}</bdi>
    </>
  );
}

function Completions(props: {
  id: string;
  people: Person[];
  chosen: number;
  label: string;
  onChoose: (person: Person) => void;
}) {
  return (
    <div className={styles.completions} role="listbox" id={props.id} aria-label={props.label}>
      {props.people.map((person, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the keys and the focus are the text field's
        <div
          key={person.id}
          id={`${props.id} ${person.id}`}
          role="option"
          aria-selected={at === props.chosen}
          className={styles.completion}
          // Not to lose the caret before the click is heard.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => props.onChoose(person)}
        >
          <Avatar id={person.id} name={person.name || person.account} size={20} isBot={person.isBot} />
          <bdi>{person.name}</bdi>
          <span className={styles.account}>{person.account}</span>
        </div>
      ))}
    </div>
  );
}

const MOST_SHOWN = 6;

function matching(people: Person[], query: string): Person[] {
  const asked = query.toLocaleLowerCase();
  const fits = (name: string) =>
    name.split(/\s+/).some((word) => word.startsWith(asked)) || name.startsWith(asked);
  return people
    .filter(
      (each) =>
        !each.isSuspended && (fits(each.name.toLocaleLowerCase()) || fits(each.account.toLocaleLowerCase())),
    )
    .slice(0, MOST_SHOWN);
}

/** As high as its text, up to a limit that the style says. */
function useGrowing(area: React.RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew for each text
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.blockSize = "auto";
    element.style.blockSize = `${element.scrollHeight}px`;
  }, [area, text]);
}
