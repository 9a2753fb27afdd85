/**
 * The worker of one tab. A Web Lock elects the one that owns store and engine; the others' calls go to it, and again to the next one
 * when it ends: the id of a call makes that safe.
 */
import init from "../../../engine/wasm/pkg/inmost_engine.js";
import type { Standing, Told } from "../client/api";
import { Refusal, refusalData } from "../client/refusal";
import { type Bytes, hex, random } from "./bytes";
import { type Call, Channel, isCall, type Outcome, type Word } from "./channel";
import { Leader } from "./leader";

const LOCK = "inmost leader";
const ID_BYTES = 16;

/** From the tab: number is its own, to find who waits. */
type Asked = { number: number; name: string; given: unknown[] };

const self_ = hex(random(ID_BYTES));
const channel = new Channel();
/** Calls of this worker's own tab that are not answered yet, by id. */
const waiting = new Map<string, { call: Call; number: number }>();
/** Calls under way in this worker as the leader: one that is sent again meanwhile is not begun again. */
const underWay = new Set<string>();
let leaderId: string | null = null;
let leader: Leader | null = null;
let unable: Standing | null = null;
/** The key of the store while it is open, so that it stays open when the leader's tab is closed. */
let key: Bytes | null = null;

// Before anything that waits: what comes earlier would be lost.
self.onmessage = ({ data }: MessageEvent<Asked>) => {
  const call = { id: hex(random(ID_BYTES)), name: data?.name, given: data?.given };
  if (!isCall(call)) {
    postMessage({
      number: data?.number,
      outcome: refused(new Refusal("UnknownCall", "Inmost knows no such question.")),
    });
    return;
  }
  waiting.set(call.id, { call, number: data.number });
  send(call);
};
channel.listen(heard);

function send(call: Call): void {
  if (unable !== null) {
    const isAsked = call.name === "standing";
    answer(
      call.id,
      isAsked ? { value: unable } : refused(new Refusal("Unable", "This browser cannot run Inmost.")),
    );
  } else if (leader !== null) void carryOut(call).then((outcome) => outcome && answer(call.id, outcome));
  else if (leaderId !== null) channel.say({ kind: "call", from: self_, call });
}

/** To this worker's tab. */
function answer(id: string, outcome: Outcome): void {
  const asked = waiting.get(id);
  if (asked === undefined) return;
  waiting.delete(id);
  postMessage({ number: asked.number, outcome });
}

async function carryOut({ id, name, given }: Call): Promise<Outcome | null> {
  if (leader === null || underWay.has(id)) return null;
  underWay.add(id);
  try {
    return { value: await leader.call(id, name, given) };
  } catch (error) {
    return refused(error);
  } finally {
    underWay.delete(id);
  }
}

function refused(error: unknown): Outcome {
  return { refusal: refusalData(error) };
}

function heard(word: Word): void {
  switch (word.kind) {
    case "hello":
      if (leader !== null) {
        channel.say({ kind: "leads", from: self_, needsKey: false });
        if (leader.key !== null) channel.say({ kind: "key", from: self_, key: leader.key });
      }
      break;
    case "leads":
      if (word.needsKey && key !== null) channel.say({ kind: "key", from: self_, key });
      // To a new one only: the same one has them.
      if (word.from === leaderId || leader !== null) break;
      leaderId = word.from;
      for (const { call } of [...waiting.values()]) send(call);
      break;
    case "call":
      if (leader !== null)
        void carryOut(word.call).then((outcome) => {
          if (outcome) channel.say({ kind: "outcome", to: word.from, id: word.call.id, outcome });
        });
      break;
    case "outcome":
      if (word.to === self_) answer(word.id, word.outcome);
      break;
    case "told":
      if (word.from === leaderId) postMessage({ told: word.told });
      break;
    case "key":
      if (leader !== null) {
        if (word.key !== null) void leader.offer(word.key);
      } else if (word.from === leaderId || word.key === null) key = word.key;
      break;
  }
}

function tell(told: Told): void {
  postMessage({ told });
  channel.say({ kind: "told", from: self_, told });
}

function share(shared: Bytes | null): void {
  key = shared;
  channel.say({ kind: "key", from: self_, key: shared });
}

/** Until this worker ends: then the lock is the next one's. */
async function lead(): Promise<void> {
  try {
    await init();
    leader = await Leader.begin(key, { tell, share });
  } catch (error) {
    stand({ kind: "unable", words: refusalData(error).words });
    return;
  }
  leaderId = self_;
  channel.say({ kind: "leads", from: self_, needsKey: leader.key === null });
  for (const { call } of [...waiting.values()]) send(call);
  await new Promise(() => undefined);
}

/** Nothing is possible here. */
function stand(standing: Standing): void {
  unable = standing;
  postMessage({ told: { kind: "standing", standing } });
  for (const { call } of [...waiting.values()]) send(call);
}

function missing(): string {
  if (!("locks" in navigator)) return "Web Locks";
  if (!("storage" in navigator) || !("getDirectory" in navigator.storage)) return "private files";
  if (!("subtle" in crypto)) return "a secure connection (https)";
  if (!("WebAssembly" in self)) return "WebAssembly";
  return "";
}

const lacking = missing();
if (lacking !== "") stand({ kind: "unable", words: `This browser lacks ${lacking}.` });
else {
  channel.say({ kind: "hello", from: self_ });
  void navigator.locks.request(LOCK, lead);
}
