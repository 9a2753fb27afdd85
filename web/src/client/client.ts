/** The tab's client of the engine's host: every call goes to the worker, and comes back as a promise. */
import workerUrl from "../host/worker?worker&url";
import type { Client, RefusalData, Told } from "./api";
import { Refusal } from "./refusal";

export { Refusal } from "./refusal";

const POLICY = "inmost-worker";

interface Policy {
  createScriptURL(url: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (why: Refusal) => void;
}

type Answer = { told: Told } | { number: number; outcome: { value: unknown } | { refusal: RefusalData } };

/** Start this tab's worker. Call it once. */
export function connect(): Client {
  const worker = start();
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<(told: Told) => void>();
  let number = 0;

  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if ("told" in data) {
      keepFiles(data.told);
      for (const listener of [...listeners]) listener(data.told);
      return;
    }
    const asked = waiting.get(data.number);
    waiting.delete(data.number);
    if ("refusal" in data.outcome) asked?.reject(Refusal.of(data.outcome.refusal));
    else asked?.resolve(data.outcome.value);
  };
  // The worker's own script could not be loaded: nothing will ever be answered.
  worker.onerror = () => {
    const standing = { kind: "unable", words: "Inmost could not be started here." } as const;
    for (const listener of [...listeners]) listener({ kind: "standing", standing });
    for (const { reject } of waiting.values()) reject(new Refusal("Unable", standing.words));
    waiting.clear();
  };

  const ask = (name: string, given: unknown[]) =>
    new Promise((resolve, reject) => {
      number++;
      waiting.set(number, { resolve, reject });
      worker.postMessage({ number, name, given });
    });
  const subscribe = (listener: (told: Told) => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return new Proxy({ subscribe } as unknown as Client, {
    get: (target, name) => {
      if (name === "subscribe") return target.subscribe;
      // A promise is asked for its then(): this is none.
      if (typeof name !== "string" || name === "then") return undefined;
      return (...given: unknown[]) => ask(name, given);
    },
  });
}

let isAsked = false;

/** Once there is something to lose, the browser is asked not to throw it away when its disk is full. */
function keepFiles(told: Told): void {
  if (isAsked || told.kind !== "standing" || told.standing.kind !== "open") return;
  isAsked = true;
  void navigator.storage?.persist?.().catch(() => undefined);
}

/** The one script that may run as a worker. Firefox has no trusted types yet: there the policy of the server is enough. */
function start(): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy(POLICY, { createScriptURL: () => workerUrl });
  return new Worker(policy?.createScriptURL(workerUrl) ?? workerUrl, { type: "module", name: "inmost" });
}
