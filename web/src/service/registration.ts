/** Registers the service worker that keeps the app's files, and says when a build other than the running one has come. */

const POLICY = "inmost-service";
const WORKER = "/sw.js";
const LOOK_AGAIN_MS = 60 * 60 * 1000;

interface Policy {
  createScriptURL(url: string): string;
}
interface PolicyFactory {
  createPolicy(name: string, rules: Policy): Policy;
}

let waiting: ServiceWorker | null = null;

/** Keep the app for when there is no network. Calls onOther when the server handed out another build, which waits to be taken over. */
export async function keepOffline(onOther: () => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const policies = (window as { trustedTypes?: PolicyFactory }).trustedTypes;
  // The only script this policy ever lets through.
  const url =
    policies?.createPolicy(POLICY, { createScriptURL: () => WORKER }).createScriptURL(WORKER) ?? WORKER;
  // In another tab too: what this tab has not loaded yet is of the other build from now on.
  let isKept = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isKept) location.reload();
    isKept = true;
  });
  const registration = await navigator.serviceWorker.register(url, {
    type: "classic",
    updateViaCache: "none",
  });
  const found = (worker: ServiceWorker | null) => {
    if (worker === null || navigator.serviceWorker.controller === null) return;
    waiting = worker;
    onOther();
  };
  found(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed") found(coming);
    });
  });
  setInterval(() => void registration.update().catch(() => undefined), LOOK_AGAIN_MS);
}

/** Use the other build: every tab of this browser loads anew. */
export function takeOver(): void {
  waiting?.postMessage("take over");
}
