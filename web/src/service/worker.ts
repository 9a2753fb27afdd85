/**
 * The service worker: keeps the app's own files so that it opens without a network, and hands out no other. It never sees a message.
 * A new build is a new worker with another list: it waits until every tab of the old one is closed or the person asks for it.
 */

export {};

declare const self: ServiceWorkerGlobalScope;

/** [path, SHA-256] of every file of this build, put in by build/release.ts. */
const KEPT = JSON.parse("__KEPT__") as [path: string, digest: string][];
const PAGE = "/";
const PAGES = new Set([PAGE, "/join"]);
const CACHES = "inmost-";

const digestOf = (text: string) =>
  crypto.subtle
    .digest("SHA-256", new TextEncoder().encode(text))
    .then((digest) => [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
const cacheName = digestOf(JSON.stringify(KEPT)).then((digest) => CACHES + digest);
const placeOf = (path: string) => (path === "index.html" ? PAGE : `/${path}`);
const places = new Set(KEPT.map(([path]) => placeOf(path)));

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const place = PAGES.has(url.pathname) ? PAGE : url.pathname;
  if (places.has(place)) event.respondWith(kept(place, event.request));
});

/** Each file is compared with the digest that came with this worker: what a server changes in between is not kept. */
async function keepAll(): Promise<void> {
  const cache = await caches.open(await cacheName);
  await Promise.all(
    KEPT.map(async ([path, digest]) => {
      const place = placeOf(path);
      const answer = await fetch(place, { cache: "no-cache" });
      if (!answer.ok) throw new Error(`${place}: ${answer.status}`);
      const content = await answer.clone().arrayBuffer();
      const found = [...new Uint8Array(await crypto.subtle.digest("SHA-256", content))]
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join("");
      if (found !== digest) throw new Error(`${place} is not the file of this build`);
      await cache.put(place, answer);
    }),
  );
}

async function dropOthers(): Promise<void> {
  const mine = await cacheName;
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(CACHES) && name !== mine).map((name) => caches.delete(name)),
  );
}

async function kept(place: string, request: Request): Promise<Response> {
  const cache = await caches.open(await cacheName);
  return (await cache.match(place)) ?? fetch(request);
}
