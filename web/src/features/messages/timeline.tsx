/** What was said in a conversation. It keeps its place when older messages load, and stays at the end when one is there. */
import { ArrowDown } from "lucide-react";
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useHere, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import type { Conversation, Message, Ref } from "../../client/api";
import { Button } from "../../ui/button";
import { EmptyState, Skeleton } from "../../ui/waiting";
import { useWords } from "../../words/words";
import { useTitle } from "../conversations/title";
import type { Doing } from "./doing";
import { useHeld } from "./held";
import { type Line, linesOf } from "./lines";
import { MessageLine } from "./message";
import styles from "./timeline.module.css";

const NEAR_END = 60;
const NEAR_START = 800;

export interface TimelineProps {
  conversation: Conversation;
  /** A thread's root; null: the conversation itself. */
  root: Ref | null;
  /** Begin at this number; null: at the newest, or at what is new. */
  from: number | null;
  doing: Doing;
  onNewest?: () => void;
}

export function Timeline(props: TimelineProps) {
  const { conversation, root, doing } = props;
  const words = useWords();
  const { client } = useTools();
  const { me } = useHere();
  const title = useTitle(conversation);
  const [held, state] = useHeld(client, conversation.id, root, props.from);
  // The line "new" stands where it stood when the conversation was opened.
  const [unreadAfter] = useState(conversation.unread > 0 && !root ? conversation.unreadAfter : null);
  const messages = useMemo(
    () => (root ? state.messages : state.messages.filter((each) => each.thread === null)),
    [state.messages, root],
  );
  const lines = useMemo(() => linesOf(messages, unreadAfter, me.user), [messages, unreadAfter, me.user]);
  const place = usePlace(lines, props.from, state.isLoaded);
  const [active, setActive] = useState<string | null>(null);
  useReading(conversation, state.messages, place.isAtEnd && state.isAtEnd);

  const onScroll = (offset: number) => {
    place.onScroll(offset);
    const list = place.list.current;
    if (!list) return;
    held.firstSeenN = lines[list.findItemIndex(offset)]?.message.n ?? null;
    if (offset < NEAR_START) void held.older();
    if (list.scrollSize - offset - list.viewportSize < NEAR_START) void held.newer();
  };
  const lastRead = useMemo(() => readersOf(conversation, me.user), [conversation, me.user]);

  if (!state.isLoaded && state.refusal) {
    return (
      <div className={styles.alone}>
        <Refused refusal={state.refusal} onAgain={() => void held.load()} />
      </div>
    );
  }
  if (!state.isLoaded) return <Skeleton label={words.loading} isPeople rows={8} />;
  if (lines.length === 0 && !state.hasMore && !state.isWaiting && !root)
    return <EmptyState title={words.timeline.emptyTitle}>{words.timeline.empty}</EmptyState>;
  const isAway = !place.isAtEnd || !state.isAtEnd;
  return (
    <div className={styles.frame}>
      <div
        className={styles.scroll}
        role="log"
        aria-label={words.timeline.label(title)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        onKeyDown={walk}
      >
        <div className={styles.spring} />
        <Virtualizer
          ref={place.list}
          shift={place.isGrowing}
          onScroll={onScroll}
          onResize={place.onResize}
          bufferSize={600}
          data={lines}
        >
          {(line, at) => (
            <div key={line.message.key}>
              {at === 0 && !root && (
                <Start hasMore={state.hasMore} isWaiting={state.isWaiting} title={title} />
              )}
              <MessageLine
                line={line}
                conversation={conversation}
                doing={doing}
                isActive={active === line.message.key}
                onActive={setActive}
                isTarget={props.from !== null && line.message.n === props.from}
                readers={lastRead(line.message)}
                isInThread={root !== null}
              />
            </div>
          )}
        </Virtualizer>
      </div>
      {isAway && (
        <div className={styles.jump}>
          <Button
            icon={<ArrowDown size={16} aria-hidden />}
            onPress={() => (state.isAtEnd ? place.toEnd() : props.onNewest?.())}
          >
            {conversation.unread > 0 ? words.timeline.newBelow(conversation.unread) : words.timeline.toNewest}
          </Button>
        </div>
      )}
    </div>
  );
}

function Start({ hasMore, isWaiting, title }: { hasMore: boolean; isWaiting: boolean; title: string }) {
  const words = useWords();
  if (isWaiting) return <p className={styles.start}>{words.timeline.waiting}</p>;
  if (hasMore) return <p className={styles.start}>{words.loading}…</p>;
  return <p className={styles.start}>{words.timeline.beginning(title)}</p>;
}

/** Up and down go from message to message, Escape to the field. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key === "Escape" && !document.querySelector("[role=menu], [role=dialog]")) {
    // From the messages to where one writes; the next one closes what is beside.
    const field = event.currentTarget.parentElement?.parentElement?.querySelector("textarea");
    if (field) event.stopPropagation();
    field?.focus();
    return;
  }
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  if ((event.target as HTMLElement).closest("input, textarea, [role=menu], [role=toolbar]")) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-message]")];
  const at = all.findIndex((each) => each.contains(document.activeElement));
  const next = at < 0 ? all.at(-1) : all[at + (event.key === "ArrowUp" ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** Where the reader is in the list, and what keeps them there. */
function usePlace(lines: readonly Line[], from: number | null, isLoaded: boolean) {
  const list = useRef<VirtualizerHandle>(null);
  const [isAtEnd, setAtEnd] = useState(from === null);
  const sticks = useRef(from === null);
  const firstKey = useRef<string | null>(null);
  const hasBegun = useRef(false);
  const first = lines[0]?.message.key ?? null;
  // Older messages came before the ones held: the list must keep its distance from the end.
  const isGrowing =
    firstKey.current !== null &&
    first !== firstKey.current &&
    lines.some((line) => line.message.key === firstKey.current);
  const toEnd = useCallback(() => {
    list.current?.scrollToIndex(lines.length - 1, { align: "end" });
  }, [lines.length]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the lines
  useLayoutEffect(() => {
    firstKey.current = first;
    if (lines.length === 0 || !isLoaded) return;
    if (!hasBegun.current) {
      hasBegun.current = true;
      const target = lines.findIndex((line) =>
        from === null ? line.beginsNew : (line.message.n ?? -1) >= from,
      );
      if (target > 0) {
        sticks.current = from === null && target >= lines.length - 3;
        list.current?.scrollToIndex(target, {
          align: from === null ? "start" : "center",
          offset: from === null ? -48 : 0,
        });
        return;
      }
    }
    if (sticks.current) toEnd();
  }, [lines]);

  const onScroll = (offset: number) => {
    const handle = list.current;
    if (!handle) return;
    const isNear = handle.scrollSize - offset - handle.viewportSize < NEAR_END;
    sticks.current = isNear;
    setAtEnd(isNear);
  };
  const onResize = () => {
    if (sticks.current) toEnd();
  };
  return { list, isAtEnd, isGrowing, toEnd, onScroll, onResize };
}

/** What is before a person's eyes counts as read. */
function useReading(conversation: Conversation, messages: readonly Message[], isAtEnd: boolean): void {
  const { client } = useTools();
  const last = messages.findLast((each) => each.n !== null)?.n ?? null;
  const { id, readN } = conversation;
  useEffect(() => {
    if (last === null || !isAtEnd || (readN !== null && readN >= last)) return;
    const say = () => {
      if (document.visibilityState === "visible" && document.hasFocus())
        client.read(id, last).catch(() => {});
    };
    say();
    addEventListener("focus", say);
    return () => removeEventListener("focus", say);
  }, [client, id, readN, last, isAtEnd]);
}

/** Who has read exactly up to a message and no further: shown at it. */
function readersOf(conversation: Conversation, me: string) {
  const others = Object.entries(conversation.readBy).filter(([user]) => user !== me);
  return (message: Message) =>
    message.n === null ? 0 : others.filter(([, n]) => n >= (message.n ?? 0)).length;
}
