/** The part of a timeline that a page holds: grows at both ends, and is asked again where it changed. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { refusalOf } from "../../app/refusal";
import type { Client, Hex, Message, Ref, RefusalData, Stretch } from "../../client/api";

const PAGE = 60;

export interface HeldState {
  messages: readonly Message[];
  /** There is more before the first. */
  hasMore: boolean;
  /** What is before the first waits for another member's device. */
  isWaiting: boolean;
  /** The last held one is the newest there is. */
  isAtEnd: boolean;
  isLoaded: boolean;
  refusal: RefusalData | null;
}

const NOTHING: HeldState = {
  messages: [],
  hasMore: false,
  isWaiting: false,
  isAtEnd: true,
  isLoaded: false,
  refusal: null,
};

export class Held {
  state: HeldState = NOTHING;
  /** Where the reader is: what is asked again first when something changed. */
  firstSeenN: number | null = null;
  readonly #listeners = new Set<() => void>();
  #isAsking = false;
  #isOlder = false;
  #isStale = false;

  constructor(
    readonly client: Client,
    readonly conversation: Hex,
    readonly root: Ref | null,
    readonly from: number | null,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The first stretch: the newest, or from a number on. */
  async load(): Promise<void> {
    await this.#guarded(async () => {
      if (this.from === null) {
        const newest = await this.#newest(null);
        this.#set({ ...newest, isAtEnd: true, isLoaded: true });
        return;
      }
      const [before, after] = await Promise.all([
        this.#newest(this.from),
        this.client.timelineFrom(this.conversation, this.from, PAGE),
      ]);
      const messages = joined(before.messages, after.messages);
      const isAtEnd = after.messages.length < PAGE;
      this.#set({ ...before, messages, isAtEnd, isLoaded: true });
    });
    if (this.state.isAtEnd && this.from !== null) await this.refresh();
  }

  async older(): Promise<void> {
    const first = this.state.messages.find((each) => each.n !== null);
    if (this.#isOlder || !this.state.hasMore || !first) return;
    this.#isOlder = true;
    await this.#guarded(async () => {
      const before = await this.#newest(first.n);
      this.#set({
        messages: joined(before.messages, this.state.messages),
        hasMore: before.hasMore && before.messages.length > 0,
        isWaiting: before.isWaiting,
      });
    });
    this.#isOlder = false;
  }

  async newer(): Promise<void> {
    const last = this.state.messages.findLast((each) => each.n !== null);
    if (this.#isAsking || this.state.isAtEnd || last?.n == null) return;
    this.#isAsking = true;
    await this.#guarded(async () => {
      const after = await this.client.timelineFrom(this.conversation, (last.n ?? 0) + 1, PAGE);
      this.#set({
        messages: joined(this.state.messages, after.messages),
        isAtEnd: after.messages.length < PAGE,
      });
    });
    this.#isAsking = false;
    if (this.state.isAtEnd) await this.refresh();
  }

  /** Something changed: the newest, and what is before the reader's eyes. One at a time. */
  async refresh(): Promise<void> {
    if (this.#isAsking) {
      this.#isStale = true;
      return;
    }
    this.#isAsking = true;
    this.#isStale = false;
    await this.#guarded(async () => {
      if (this.state.isAtEnd) this.#renew(await this.#newest(null), true);
      const seen = this.firstSeenN;
      const tail = this.state.messages.at(-PAGE)?.n ?? -1;
      if (!this.root && seen !== null && (seen < tail || !this.state.isAtEnd))
        this.#renew(await this.client.timelineFrom(this.conversation, seen, PAGE), false);
    });
    this.#isAsking = false;
    if (this.#isStale) await this.refresh();
  }

  /** Replaces what a stretch covers. */
  #renew(stretch: Stretch, isNewest: boolean): void {
    const held = this.state.messages;
    const known = new Set(held.map((each) => each.key));
    const isTouching = stretch.messages.some((each) => known.has(each.key));
    if (held.length > 0 && !isTouching && isNewest && stretch.hasMore) {
      // More came than one page holds: what is between is not here, so that the reader goes on from what is new.
      this.#set({ messages: stretch.messages, hasMore: true, isWaiting: stretch.isWaiting });
      return;
    }
    const first = stretch.messages.find((each) => each.n !== null)?.n ?? Number.POSITIVE_INFINITY;
    const last = stretch.messages.findLast((each) => each.n !== null)?.n ?? Number.NEGATIVE_INFINITY;
    const before = held.filter((each) => each.n !== null && each.n < first);
    const after = isNewest ? [] : held.filter((each) => each.n === null || each.n > last);
    const more = before.length === 0 ? { hasMore: stretch.hasMore, isWaiting: stretch.isWaiting } : {};
    this.#set({
      messages: [...before, ...stretch.messages, ...after],
      ...(isNewest ? more : {}),
      isLoaded: true,
    });
  }

  #newest(before: number | null): Promise<Stretch> {
    return this.root
      ? this.client.thread(this.conversation, this.root, before, PAGE)
      : this.client.timeline(this.conversation, before, PAGE);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.state.refusal) this.#set({ refusal: null });
    } catch (error) {
      this.#set({ refusal: refusalOf(error) });
    }
  }

  #set(change: Partial<HeldState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function joined(before: readonly Message[], after: readonly Message[]): Message[] {
  const known = new Set(after.map((each) => each.key));
  return [...before.filter((each) => !known.has(each.key)), ...after];
}

export function useHeld(
  client: Client,
  conversation: Hex,
  root: Ref | null,
  from: number | null,
): [Held, HeldState] {
  const device = root?.device;
  const id = root?.id;
  const held = useMemo(
    () => new Held(client, conversation, device && id ? { device, id } : null, from),
    [client, conversation, device, id, from],
  );
  useEffect(() => {
    void held.load();
    return client.subscribe((told) => {
      if (told.kind === "changed" && told.what === "timeline" && told.conversation === conversation)
        void held.refresh();
    });
  }, [client, conversation, held]);
  return [held, useSyncExternalStore(held.subscribe, () => held.state)];
}
