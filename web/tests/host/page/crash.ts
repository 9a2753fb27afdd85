/** Starts and ends workers that have the product's store open. */
import workerUrl from "./crashing?worker&url";

interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL: () => string },
  ): { createScriptURL(url: string): string };
}

const { trustedTypes } = globalThis as unknown as { trustedTypes: Policies };
const policy = trustedTypes.createPolicy("inmost-worker", { createScriptURL: () => workerUrl });
let worker: Worker | null = null;

/** What the worker says next. */
function next(): Promise<unknown> {
  return new Promise((resolve) => {
    if (worker !== null) worker.onmessage = ({ data }) => resolve(data);
  });
}

Object.assign(window, {
  begin: () => {
    worker = new Worker(policy.createScriptURL(workerUrl), { type: "module" });
    return next();
  },
  say: (what: string) => {
    worker?.postMessage(what);
    return next();
  },
  kill: () => worker?.terminate(),
});
