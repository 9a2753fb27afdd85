/** What pages have asked the engine's host: kept while somebody shows it, asked again when the host says that it changed. */
import { useEffect, useSyncExternalStore } from "react";
import type { Answer, CallName, Calls, Client, RefusalData, Told } from "../client/api";
import { refusalOf } from "./refusal";

/** What each question depends on. A question that is not here is never asked again by itself. */
const HEARS: Partial<Record<CallName, (told: Told, given: readonly unknown[]) => boolean>> = {
  conversations: (told) =>
    told.kind === "changed" &&
    (told.what === "conversations" || told.what === "timeline" || told.what === "people"),
  people: (told) => isChanged(told, "people"),
  invitations: (told) => isChanged(told, "people"),
  accounts: (told) => isChanged(told, "people"),
  devices: (told) => isChanged(told, "devices") || isChanged(told, "people"),
  passkeys: (told) => isChanged(told, "devices"),
  alarms: (told) => isChanged(told, "alarms") || told.kind === "alarm",
  openChannels: (told) => isChanged(told, "channels") || isChanged(told, "conversations"),
  threads: ofTimeline,
  pinned: ofTimeline,
  message: ofTimeline,
};

function isChanged(told: Told, what: string): boolean {
  return told.kind === "changed" && told.what === what;
}

function ofTimeline(told: Told, given: readonly unknown[]): boolean {
  return told.kind === "changed" && told.what === "timeline" && told.conversation === given[0];
}

export interface Asked<Value> {
  /** undefined until the first answer. */
  value: Value | undefined;
  refusal: RefusalData | null;
  again: () => void;
}

interface Entry {
  name: CallName;
  given: readonly unknown[];
  now: Asked<unknown>;
  listeners: Set<() => void>;
  isAsking: boolean;
  isStale: boolean;
}

const books = new WeakMap<Client, Map<string, Entry>>();

function bookOf(client: Client): Map<string, Entry> {
  const known = books.get(client);
  if (known) return known;
  const book = new Map<string, Entry>();
  books.set(client, book);
  client.subscribe((told) => {
    // Another person may have come, or the store was locked: nothing of before is shown.
    if (told.kind === "standing" && told.standing.kind !== "open") book.clear();
    for (const entry of book.values()) if (HEARS[entry.name]?.(told, entry.given)) ask(client, entry);
  });
  return book;
}

/** One question at a time for each entry; what changes meanwhile is asked once more after it. */
function ask(client: Client, entry: Entry): void {
  if (entry.isAsking || entry.listeners.size === 0) {
    entry.isStale = true;
    return;
  }
  entry.isAsking = true;
  entry.isStale = false;
  const call = client[entry.name] as (...given: readonly unknown[]) => Promise<unknown>;
  call(...entry.given).then(
    (value) => answered(client, entry, value, null),
    (error: unknown) => answered(client, entry, entry.now.value, refusalOf(error)),
  );
}

function answered(client: Client, entry: Entry, value: unknown, refusal: RefusalData | null): void {
  entry.isAsking = false;
  entry.now = { value, refusal, again: entry.now.again };
  for (const listener of entry.listeners) listener();
  if (entry.isStale) ask(client, entry);
}

function entryOf(client: Client, name: CallName, given: readonly unknown[]): Entry {
  const book = bookOf(client);
  const key = `${name} ${JSON.stringify(given)}`;
  const known = book.get(key);
  if (known) return known;
  const entry: Entry = {
    name,
    given,
    now: { value: undefined, refusal: null, again: () => ask(client, entry) },
    listeners: new Set(),
    isAsking: false,
    isStale: true,
  };
  book.set(key, entry);
  return entry;
}

/** useAsked(client, "pinned", conversation) */
export function useAsked<Name extends CallName>(
  client: Client,
  name: Name,
  ...given: Parameters<Calls[Name]>
): Asked<Answer<Name>> {
  const entry = entryOf(client, name, given);
  const now = useSyncExternalStore(
    (listener) => {
      entry.listeners.add(listener);
      return () => entry.listeners.delete(listener);
    },
    () => entry.now,
  );
  useEffect(() => {
    if (entry.isStale) ask(client, entry);
  }, [client, entry]);
  return now as Asked<Answer<Name>>;
}
