/** The account that is open here: answers what is asked of it, and tells what happens. */
import type { Calls, Hex, Link, Me, Told } from "../client/api";
import { Refusal } from "../client/refusal";
import { Acts } from "./acts";
import { fromHex, hex } from "./bytes";
import { Conversations } from "./conversations";
import { Core, type Event } from "./core";
import type { Database } from "./database";
import { Factors } from "./factors";
import { Host } from "./host";
import { alarm, People } from "./people";
import { Timeline } from "./timeline";

const READING_BACK = "reading_back";
const UNREAD_TYPES = ["text", "poll", "unknown", "unreadable"];

type Changed = Extract<Told, { kind: "changed" }>["what"];

export class Account {
  readonly host: Host;
  readonly people: People;
  readonly conversations: Conversations;
  readonly timeline: Timeline;
  readonly acts: Acts;
  readonly factors: Factors;
  readonly #tell: (told: Told) => void;
  #link = "";
  #isReadingBack = false;
  #hasMoreToRead = false;
  #changed = new Set<Changed>();
  #changedTimelines = new Set<Hex>();
  /** For good: the code says why. */
  onEnd: (why: Refusal) => void = () => undefined;

  constructor(database: Database, tell: (told: Told) => void) {
    this.#tell = tell;
    this.host = new Host(new Core(database), {
      wrote: (conversations) => this.#wrote(conversations),
      event: (event) => this.#event(event),
      changed: () => this.#tellLink(),
      ended: (why) => this.onEnd(why),
    });
    this.people = new People(this.host);
    this.conversations = new Conversations(this.host, this.people);
    this.timeline = new Timeline(this.host);
    this.acts = new Acts(this.host);
    this.factors = new Factors(this.host, this.acts);
  }

  get phase(): string {
    return this.host.core.view("me").phase;
  }

  me(custody: Me["custody"]): Me {
    const seen = this.host.core.view("me");
    return {
      user: hex(seen.user),
      device: hex(seen.device),
      account: seen.account,
      name: seen.name,
      role: seen.role ?? "member",
      custody,
      organisation: location.host,
    };
  }

  get link(): Link {
    const { outbox: waiting, phase } = this.host.core.view("me");
    if (this.host.isReady) return { state: "online", words: "", waiting };
    const { trouble } = this.host;
    const isTrying = this.host.isConnected || (trouble === null && phase !== "new");
    return { state: isTrying ? "connecting" : "offline", words: trouble?.words ?? "", waiting };
  }

  close(): void {
    this.host.close();
  }

  // Coming back

  /** From here on everything that was said is brought here, however long that takes, also by the next leader. */
  async readBack(told: (done: number, of: number) => void): Promise<void> {
    const { database } = this.host.core;
    database.set(READING_BACK, new Uint8Array(1));
    await this.#readOn(told);
  }

  /** After what waited may be read now. */
  async #readOn(told: (done: number, of: number) => void = () => undefined): Promise<void> {
    const { database } = this.host.core;
    this.#hasMoreToRead = true;
    if (this.#isReadingBack) return;
    this.#isReadingBack = true;
    try {
      while (this.#hasMoreToRead && this.host.isReady && database.setting(READING_BACK) !== null) {
        this.#hasMoreToRead = false;
        if (await this.conversations.readBack(told)) database.set(READING_BACK, null);
      }
    } catch {
      // Closed meanwhile: it goes on with the next ready.
    } finally {
      this.#isReadingBack = false;
    }
  }

  // What happens

  #tellLink(): void {
    const { link } = this;
    const said = JSON.stringify(link);
    if (said === this.#link) return;
    this.#link = said;
    this.#tell({ kind: "link", link });
  }

  #wrote(conversations: Set<Hex>): void {
    for (const conversation of conversations) {
      this.conversations.forget(conversation);
      this.#timelineChanged(conversation);
    }
    this.#hasChanged("conversations");
    this.#tellLink();
  }

  #event([name, details]: Event): void {
    const conversation = details.conversation instanceof Uint8Array ? hex(details.conversation) : null;
    switch (name) {
      case "ready":
        this.people.forget();
        for (const what of ["conversations", "people", "devices", "channels"] as const)
          this.#hasChanged(what);
        break;
      case "message":
        if (conversation !== null) this.#arrived(conversation, details.n);
        break;
      case "conversation":
        this.#hasChanged(details.change === "listed" ? "channels" : "conversations");
        if (conversation !== null) this.#timelineChanged(conversation);
        if (details.change === "joined") void this.#readOn();
        break;
      case "directory":
        this.people.forget();
        for (const what of ["people", "devices", "conversations"] as const) this.#hasChanged(what);
        break;
      case "presence":
        this.people.forget();
        this.#hasChanged("people");
        break;
      case "mark":
        this.people.forget();
        this.#hasChanged(conversation === null ? "people" : "conversations");
        break;
      case "receipt":
      case "typing":
      case "waiting":
      case "history":
      case "expired":
        this.#hasChanged("conversations");
        if (conversation !== null) this.#timelineChanged(conversation);
        if (name === "history") void this.#readOn();
        break;
      case "alarm":
        this.#hasChanged("alarms");
        this.#tell({ kind: "alarm", alarm: alarm(details) });
        break;
      case "revoked":
        this.onEnd(new Refusal("revoked", "This device was shut out."));
        break;
    }
    this.#tellLink();
  }

  #arrived(conversation: Hex, n: number): void {
    const id = fromHex(conversation);
    const row = this.host.core.database.shownAt(id, n);
    const me = this.host.core.view("me").user as Uint8Array;
    if (!row?.user || hex(row.user) === hex(me) || row.isDeleted || !UNREAD_TYPES.includes(row.type)) return;
    if (this.conversations.isUnread(conversation, n)) this.#tell({ kind: "arrived", conversation, n });
  }

  #timelineChanged(conversation: Hex): void {
    this.#soon();
    this.#changedTimelines.add(conversation);
  }

  #hasChanged(what: Changed): void {
    this.#soon();
    this.#changed.add(what);
  }

  /** What one batch changed is told once. */
  #soon(): void {
    if (this.#changed.size > 0 || this.#changedTimelines.size > 0) return;
    queueMicrotask(() => {
      const [changed, timelines] = [this.#changed, this.#changedTimelines];
      this.#changed = new Set();
      this.#changedTimelines = new Set();
      for (const what of changed) if (what !== "timeline") this.#tell({ kind: "changed", what });
      for (const conversation of timelines) this.#tell({ kind: "changed", what: "timeline", conversation });
    });
  }
}

/** Calls that need an open account: what they are given comes from a tab, whose ids are looked at before use. */
export type Answers = {
  [Name in Exclude<keyof Calls, Standings>]: (
    account: Account,
    call: string,
    ...given: Parameters<Calls[Name]>
  ) => ReturnType<Calls[Name]> | Promise<ReturnType<Calls[Name]>>;
};

/** Calls that are about where the browser stands. */
export const STANDINGS = [
  "standing",
  "unlock",
  "lock",
  "forget",
  "joinBegin",
  "joinPasskeyOptions",
  "joinClaim",
  "joinFinish",
  "recoverOptions",
  "recover",
] as const;
export type Standings = (typeof STANDINGS)[number];
