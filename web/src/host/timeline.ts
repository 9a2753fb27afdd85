/** What was said: stretches of a conversation as they are to be shown, loaded from the server where they are not here. */
import type { Found, Hex, Message, Ref, Stretch, Thread } from "../client/api";
import { Refusal } from "../client/refusal";
import { type Bytes, type Fields, fromHex, hex, hexOrNull } from "./bytes";
import { PAGE } from "./conversations";
import type { Database, ShownRow } from "./database";
import type { Host } from "./host";

const SHORTEST_PAGE = 50;
const MOST_SHOWN = 500;
/** Without the network, or no member any more: what is here is what there is. */
const NOTHING_MORE = ["Offline", "NotAMember"];

interface Loaded {
  hasMore: boolean;
  isWaiting: boolean;
}

export class Timeline {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  get #database(): Database {
    return this.#host.core.database;
  }

  async newest(conversation: Hex, before: number | null, limit: number): Promise<Stretch> {
    const id = fromHex(conversation);
    const most = atMost(limit);
    const loaded = await this.#load(id, before, most);
    return this.#stretch(id, this.#database.shown(id, before, most), loaded);
  }

  async from(conversation: Hex, from: number, limit: number): Promise<Stretch> {
    const id = fromHex(conversation);
    const isWaiting = await this.#loadBackTo(id, from);
    const rows = this.#database.shownFrom(id, from, atMost(limit));
    return this.#stretch(id, rows, { hasMore: from > 0, isWaiting });
  }

  numberAt(conversation: Hex, atMs: number): number | null {
    return this.#database.numberAt(fromHex(conversation), atMs);
  }

  async thread(conversation: Hex, root: Ref, before: number | null, limit: number): Promise<Stretch> {
    const id = fromHex(conversation);
    const ref = pairOf(root);
    const hangsOn = this.#database.shownOne(id, ...ref);
    const isWaiting =
      hangsOn === undefined || hangsOn.n === null ? false : await this.#loadBackTo(id, hangsOn.n);
    const rows = this.#database.thread(id, ref, before, atMost(limit) + 1);
    const hasMore = rows.length > atMost(limit);
    return { messages: this.#messages(hasMore ? rows.slice(1) : rows), hasMore, isWaiting };
  }

  threads(conversation: Hex): Thread[] {
    const id = fromHex(conversation);
    return this.#database.threads(id).map((thread) => {
      const row = this.#database.shownOne(id, thread.device, thread.id);
      return {
        root: { device: hex(thread.device), id: hex(thread.id) },
        message: row ? this.#message(row) : null,
        answers: thread.answers,
        lastN: thread.lastN,
      };
    });
  }

  pinned(conversation: Hex): Message[] {
    return this.#messages(this.#database.pinned(fromHex(conversation)));
  }

  message(conversation: Hex, ref: Ref): Message | null {
    const row = this.#database.shownOne(fromHex(conversation), ...pairOf(ref));
    return row ? this.#message(row) : null;
  }

  search(query: string, conversation: Hex | null, limit: number): Found[] {
    const rows = this.#database.search(
      String(query),
      conversation === null ? null : fromHex(conversation),
      atMost(limit),
    );
    return this.#messages(rows).map((message) => ({ message, conversation: message.conversation }));
  }

  // Loading

  #stretch(id: Bytes, rows: ShownRow[], { hasMore, isWaiting }: Loaded): Stretch {
    const first = rows.find((row) => row.n !== null)?.n ?? null;
    const isBefore = first !== null && this.#database.isAnythingBefore(id, first);
    return { messages: this.#messages(rows), hasMore: isBefore || hasMore, isWaiting };
  }

  /** Page back until `limit` messages are here, the beginning is reached, or history waits for another member's device. */
  async #load(id: Bytes, before: number | null, limit: number): Promise<Loaded> {
    if (!this.#host.isReady) return { hasMore: false, isWaiting: false };
    // Named by its number, the newest page that is here already is not asked for again.
    const { n } = this.#host.core.view("conversation", { conversation: id });
    let place: number | null = before ?? (n === null ? null : n + 1);
    try {
      for (;;) {
        const page: Fields = await this.#page(id, place, limit);
        place = page.first;
        if (page.waiting) return { hasMore: true, isWaiting: true };
        if (!page.more || !place) return { hasMore: false, isWaiting: false };
        const rows = this.#database.shown(id, before, limit).filter((row) => row.n !== null);
        if (rows.length >= limit && (rows[0]?.n ?? 0) >= place) return { hasMore: true, isWaiting: false };
      }
    } catch (error) {
      if (error instanceof Refusal && NOTHING_MORE.includes(error.code))
        return { hasMore: false, isWaiting: false };
      throw error;
    }
  }

  /** Have everything from a number on here. True: something of it waits for another member's device. */
  async #loadBackTo(id: Bytes, n: number): Promise<boolean> {
    if (!this.#host.isReady) return false;
    let { loaded_first: first } = this.#host.core.view("conversation", { conversation: id });
    try {
      while (first !== null && first > n) {
        const page: Fields = await this.#page(id, first, PAGE);
        if (page.waiting) return true;
        if (!page.more || page.first === null || page.first >= first) return false;
        first = page.first;
      }
    } catch (error) {
      if (!(error instanceof Refusal && NOTHING_MORE.includes(error.code))) throw error;
    }
    return false;
  }

  #page(conversation: Bytes, before: number | null, limit: number): Promise<Fields> {
    const most = Math.min(PAGE, Math.max(limit, SHORTEST_PAGE));
    return this.#host.command("page", { conversation, before, limit: most });
  }

  // Rows as messages

  #messages(rows: ShownRow[]): Message[] {
    return rows.map((row) => this.#message(row));
  }

  #message(row: ShownRow): Message {
    const { raw } = row;
    const isNamed = row.device !== null && row.id !== null;
    const place = isNamed ? `${hexOrNull(row.device)}:${hexOrNull(row.id)}` : `${row.n ?? hex(row.key)}`;
    return {
      key: place,
      conversation: hex(row.conversation),
      n: row.n,
      device: hexOrNull(row.device),
      id: hexOrNull(row.id),
      user: hexOrNull(row.user ?? raw.by),
      atMs: (row.n === null ? row.timeMs : row.atMs) ?? row.timeMs ?? 0,
      type: row.type as Message["type"],
      text: row.isDeleted ? null : (row.text ?? raw.title ?? null),
      isEdited: row.isEdited,
      isDeleted: row.isDeleted,
      isPinned: row.isPinned,
      mentions: ids(raw.mentions),
      mentionsMe: row.mentionsMe,
      reactions: reactions(row),
      replyTo: row.replyTo && this.#replyTo(row.conversation, row.replyTo),
      thread: refOf(row.thread),
      answers: row.device && row.id ? this.#database.answers(row.conversation, [row.device, row.id]) : null,
      poll: poll(row),
      people: ids(raw.users),
      by: hexOrNull(raw.by),
      reason: raw.reason ?? null,
      expiresAtMs: raw.expires_ms ?? null,
    };
  }

  #replyTo(conversation: Bytes, ref: [Bytes, Bytes]): Message["replyTo"] {
    const row = this.#database.shownOne(conversation, ...ref);
    return { device: hex(ref[0]), id: hex(ref[1]), user: hexOrNull(row?.user), text: row?.text ?? null };
  }
}

export function pairOf(ref: Ref): [Bytes, Bytes] {
  return [fromHex(ref?.device), fromHex(ref?.id)];
}

function refOf(pair: [Bytes, Bytes] | null): Ref | null {
  return pair && { device: hex(pair[0]), id: hex(pair[1]) };
}

function ids(users: Uint8Array[] | null | undefined): Hex[] {
  return (users ?? []).map(hex);
}

/** By emoji, in the order in which they came first. */
function reactions(row: ShownRow): Message["reactions"] {
  const people = new Map<string, Hex[]>();
  for (const { emoji, user } of row.reactions) people.set(emoji, [...(people.get(emoji) ?? []), user]);
  return [...people].map(([emoji, users]) => ({ emoji, people: users }));
}

function poll(row: ShownRow): Message["poll"] {
  if (row.type !== "poll" || row.isDeleted) return null;
  return {
    question: row.text ?? "",
    options: row.raw.options ?? [],
    isMultiple: Boolean(row.raw.multiple),
    isClosed: row.isClosed,
    votes: row.votes.map(({ user, choices }) => ({ person: user, choices })),
  };
}

function atMost(limit: number): number {
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new Refusal("Malformed", "That is not a number of messages.");
  return Math.min(limit, MOST_SHOWN);
}
