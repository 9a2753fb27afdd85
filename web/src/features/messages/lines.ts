/** A timeline's messages as lines to show: where a day begins, where what is new begins, and who goes on speaking. */
import type { Hex, Message } from "../../client/api";
import { daysBetween } from "../../words/words";

export interface Line {
  message: Message;
  beginsDay: boolean;
  beginsNew: boolean;
  /** The same person goes on: no name and picture again. */
  isMore: boolean;
}

const TOGETHER_MS = 5 * 60_000;

export function linesOf(messages: readonly Message[], unreadAfter: number | null, me: Hex): Line[] {
  const lines: Line[] = [];
  let before: Message | null = null;
  let isNewSaid = unreadAfter === null;
  for (const message of messages) {
    const beginsDay = before === null || daysBetween(before.atMs, message.atMs) !== 0;
    const beginsNew =
      !isNewSaid &&
      message.n !== null &&
      message.n > (unreadAfter ?? 0) &&
      message.user !== me &&
      isSaid(message);
    if (beginsNew) isNewSaid = true;
    lines.push({
      message,
      beginsDay,
      beginsNew,
      isMore: !beginsDay && !beginsNew && goesOn(before, message),
    });
    before = message;
  }
  return lines;
}

function goesOn(before: Message | null, message: Message): boolean {
  return (
    before !== null &&
    isSaid(before) &&
    isSaid(message) &&
    before.user === message.user &&
    message.replyTo === null &&
    message.atMs - before.atMs < TOGETHER_MS
  );
}

/** Something a person said, as against what happened. */
export function isSaid(message: Message): boolean {
  return (
    message.type === "text" ||
    message.type === "poll" ||
    message.type === "expired" ||
    message.type === "unknown" ||
    message.type === "unreadable"
  );
}
