/** What workers of one browser say to each other. Whatever has another shape is not ours, and nothing comes of it. */
import type { CallName, RefusalData, Told } from "../client/api";
import { STANDINGS } from "./account";
import { answers } from "./answers";
import type { Bytes } from "./bytes";

const CHANNEL = "inmost";
const ID = /^[0-9a-f]{32}$/;
const KEY_BYTES = 32;

/** A question of a tab's: id: 16 bytes in hex, the same however often it is sent. */
export interface Call {
  id: string;
  name: CallName;
  given: unknown[];
}

export type Outcome = { value: unknown } | { refusal: RefusalData };

export type Word =
  /** A worker is here, and asks who leads. */
  | { kind: "hello"; from: string }
  /** I lead. needsKey: whoever has the store's key in memory gives it. */
  | { kind: "leads"; from: string; needsKey: boolean }
  | { kind: "call"; from: string; call: Call }
  | { kind: "outcome"; to: string; id: string; outcome: Outcome }
  | { kind: "told"; from: string; told: Told }
  /** null: forget it. */
  | { kind: "key"; from: string; key: Bytes | null };

export class Channel {
  readonly #channel = new BroadcastChannel(CHANNEL);

  listen(heard: (word: Word) => void): void {
    this.#channel.onmessage = ({ data }) => {
      if (isWord(data)) heard(data);
    };
  }

  say(word: Word): void {
    this.#channel.postMessage(word);
  }
}

export function isCall(seen: unknown): seen is Call {
  const call = seen as Call | null;
  return isObject(call) && isId(call.id) && isName(call.name) && Array.isArray(call.given);
}

function isWord(seen: unknown): seen is Word {
  if (!isObject(seen)) return false;
  const word = seen as Word;
  if (word.kind === "outcome") return isId(word.to) && isId(word.id) && isOutcome(word.outcome);
  if (!isId(word.from)) return false;
  switch (word.kind) {
    case "hello":
      return true;
    case "leads":
      return typeof word.needsKey === "boolean";
    case "call":
      return isCall(word.call);
    case "told":
      return isObject(word.told) && typeof word.told.kind === "string";
    case "key":
      return word.key === null || (word.key instanceof Uint8Array && word.key.length === KEY_BYTES);
    default:
      return false;
  }
}

function isOutcome(seen: unknown): seen is Outcome {
  if (!isObject(seen)) return false;
  if ("value" in seen) return true;
  const { refusal } = seen as { refusal?: RefusalData };
  return isObject(refusal) && typeof refusal.code === "string" && typeof refusal.words === "string";
}

function isName(name: unknown): name is CallName {
  return (
    typeof name === "string" &&
    ((STANDINGS as readonly string[]).includes(name) || Object.hasOwn(answers, name))
  );
}

function isId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

function isObject(seen: unknown): seen is object {
  return typeof seen === "object" && seen !== null;
}
