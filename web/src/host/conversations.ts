/** The list of conversations: what they are called, what is unread, what was said last. */
import type { Conversation, Hex, OpenChannel } from "../client/api";
import { type Fields, fromHex, hex } from "./bytes";
import type { Host } from "./host";
import type { People } from "./people";

export const PAGE = 200;
const TITLED = ["group", "channel"];

interface Counted {
  after: number;
  lastN: number | null;
  unread: number;
  mentions: number;
  last: Conversation["last"];
  lastAtMs: number | null;
}

export class Conversations {
  readonly #host: Host;
  readonly #people: People;
  /** Counting is work for the disk: it is done again only after something was written there. */
  readonly #counted = new Map<Hex, Counted>();
  readonly #readBack = new Set<Hex>();

  constructor(host: Host, people: People) {
    this.#host = host;
    this.#people = people;
  }

  /** Something was written there. */
  forget(conversation: Hex): void {
    this.#counted.delete(conversation);
  }

  /** Those this device is or was in, without the one that only syncs one's own devices: pinned first, then the most recent. */
  all(): Conversation[] {
    const me = this.#host.core.view("me").user as Uint8Array;
    const seen = (this.#host.core.view("conversations") as Fields[]).filter(
      (each) => each.kind !== "personal",
    );
    for (const each of seen) if (isNameless(each)) void this.#readBackToTitle(each.conversation);
    const found = seen.map((each) => this.#conversation(each, me));
    return found.sort(
      (one, other) =>
        Number(other.isPinned) - Number(one.isPinned) || (other.lastAtMs ?? 0) - (one.lastAtMs ?? 0),
    );
  }

  /** Throws a Refusal: Unknown. */
  seen(conversation: Uint8Array): Fields {
    return this.#host.core.view("conversation", { conversation });
  }

  #conversation(seen: Fields, me: Uint8Array): Conversation {
    const people = (seen.users as Uint8Array[]).map(hex);
    const unreadAfter = unreadAfterOf(seen);
    const counted = this.#count(seen, unreadAfter, me);
    const receipts = (seen.receipts as Fields[]).map(({ user, n }) => [hex(user), n] as [Hex, number]);
    return {
      id: hex(seen.conversation),
      kind: seen.kind,
      title: this.#title(seen, people, hex(me)),
      topic: seen.topic ?? "",
      state: seen.state,
      people,
      deviceCount: typeof seen.devices === "number" ? seen.devices : seen.devices.length,
      epoch: seen.epoch,
      lastN: seen.last_n ?? null,
      lastAtMs: counted.lastAtMs,
      last: counted.last,
      readN: seen.read_n ?? null,
      unreadAfter,
      unread: counted.unread,
      mentions: counted.mentions,
      unreadIsLeast: (seen.loaded_first ?? 0) > unreadAfter + 1,
      isPinned: seen.is_pinned,
      isMuted: seen.is_muted,
      draft: seen.draft ?? "",
      typing: (seen.typing as Uint8Array[]).map(hex),
      readBy: Object.fromEntries(receipts.filter(([user]) => user !== hex(me))),
      ...settings(seen.settings),
    };
  }

  #count(seen: Fields, after: number, me: Uint8Array): Counted {
    const id = hex(seen.conversation);
    const lastN = seen.last_n ?? null;
    const known = this.#counted.get(id);
    if (known !== undefined && known.after === after && known.lastN === lastN) return known;
    const { database } = this.#host.core;
    const isSomethingNew = lastN !== null && lastN > after;
    const [unread, mentions] = isSomethingNew ? database.unread(seen.conversation, after, me) : [0, 0];
    const newest = database.newest(seen.conversation);
    const user = newest?.user ?? newest?.raw.by ?? null;
    const last = newest ? { user: user && hex(user), text: newest.text ?? "", type: newest.type } : null;
    const lastAtMs = newest ? (newest.atMs ?? newest.timeMs) : null;
    const counted = { after, lastN, unread, mentions, last, lastAtMs };
    this.#counted.set(id, counted);
    return counted;
  }

  /** "" where nobody else is there and nobody named it. */
  #title(seen: Fields, people: Hex[], me: Hex): string {
    if (seen.title) return seen.title;
    if (seen.kind === "general") return "general";
    return people
      .filter((user) => user !== me)
      .map((user) => this.#people.name(user))
      .join(", ");
  }

  /** A title is a message: after a long absence, or as somebody new, read back to it. Once for each while this runs. */
  async #readBackToTitle(conversation: Uint8Array): Promise<void> {
    if (!this.#host.isReady || this.#readBack.has(hex(conversation))) return;
    this.#readBack.add(hex(conversation));
    await this.#readBackUntil(conversation, () => this.seen(conversation).title !== null);
  }

  /** Every open channel, by title. What they are called is read back in the general channel. */
  async open(): Promise<{ channels: OpenChannel[]; isWhole: boolean }> {
    if (this.#host.isReady && !this.#host.core.view("open_channels").is_whole) {
      const general = (this.#host.core.view("conversations") as Fields[]).find(
        (each) => each.kind === "general",
      );
      if (general) await this.#readBackUntil(general.conversation, () => false);
    }
    const seen = this.#host.core.view("open_channels");
    const channels: OpenChannel[] = seen.channels.map((each: Fields) => ({
      id: hex(each.conversation),
      title: each.title,
      topic: each.topic ?? "",
      by: hex(each.by),
      isJoined: each.joined,
    }));
    channels.sort((one, other) => one.title.localeCompare(other.title));
    return { channels, isWhole: seen.is_whole };
  }

  /** Whether it came to an end: enough, or everything. */
  async #readBackUntil(conversation: Uint8Array, isEnough: () => boolean): Promise<boolean> {
    let before: number | null = null;
    try {
      while (!isEnough()) {
        const page = await this.#host.command("page", { conversation, before, limit: PAGE });
        before = page.first;
        if (page.waiting) return false;
        if (!page.more || !before) return true;
      }
      return true;
    } catch {
      // Offline again, or out: then it is shown by its people's names.
      return false;
    }
  }

  /** Everything that was said anywhere. told: how many conversations of how many. False: something waits, or was in the way. */
  async readBack(told: (done: number, of: number) => void): Promise<boolean> {
    const all = this.#host.core.view("conversations") as Fields[];
    let isWhole = true;
    for (const [done, each] of all.entries()) {
      told(done, all.length);
      const isGone = each.state === "removed";
      if (!(await this.#readBackUntil(each.conversation, () => false)) && !isGone) isWhole = false;
    }
    told(all.length, all.length);
    return isWhole;
  }

  /** Whether what somebody else wrote at a number is news to this person. */
  isUnread(conversation: Hex, n: number): boolean {
    const seen = this.seen(fromHex(conversation));
    return n > unreadAfterOf(seen);
  }
}

/** Who came later has what was said before them to read back to, and not to read. */
function unreadAfterOf(seen: Fields): number {
  return seen.read_n ?? (seen.joined_n ?? 0) - 1;
}

function isNameless(seen: Fields): boolean {
  return seen.title === null && TITLED.includes(seen.kind) && seen.state === "member";
}

type Settings = Pick<
  Conversation,
  "role" | "roles" | "isOpen" | "isAnnouncement" | "mayPost" | "isModerated" | "takesGuests"
>;

/** null: not in it yet. */
function settings(seen: Fields | null): Settings {
  return {
    role: seen?.role ?? "",
    roles: Object.fromEntries((seen?.roles ?? []).map(({ user, role }: Fields) => [hex(user), role])),
    isOpen: seen?.open ?? false,
    isAnnouncement: seen?.announcement ?? false,
    mayPost: seen?.may_post ?? true,
    isModerated: seen?.moderated ?? false,
    takesGuests: seen?.guests ?? false,
  };
}
