/** Hosts the engine: pumps inputs and effects, keeps a connection, signs in, wakes up. It decides nothing about the protocol. */
import { Refusal } from "../client/refusal";
import { type Fields, fromHex, hex, random } from "./bytes";
import { Connection } from "./connection";
import type { Core, Effects, Event, Input } from "./core";
import { Rest, type Session, type Signed } from "./rest";

const MOST_INPUTS_AT_ONCE = 256;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const SHORTEST_PAUSE_MS = 100;
const RENEW_BEFORE_MS = 120_000;
const SHORTEST_WAKE_MS = 5;
const LONGEST_WAKE_MS = 2 ** 31 - 1;
const COMMAND_BYTES = 16;
/** The server says that this device is out. "replaced" is another worker with the same keys: nothing is lost, nothing goes on. */
const CLOSED_FOR_GOOD = new Set(["revoked", "suspended", "replaced"]);
/** Refusals of a sign-in that trying again does not change. */
const SIGN_IN_FOR_GOOD: Record<string, string> = { DeviceInactive: "revoked" };

interface Command {
  resolve: (done: Fields) => void;
  reject: (why: Refusal) => void;
}

interface Entry {
  input: Input;
  /** Called once it is taken and on the disk, with what its call is answered. */
  taken?: (kept: unknown) => void;
  refused?: (why: Refusal) => void;
  connection?: Connection;
}

export interface Listener {
  /** Messages of these conversations (hex) were written. */
  wrote: (conversations: Set<string>) => void;
  /** After an event's rows are durable. */
  event: (event: Event) => void;
  /** The connection came, went, or could not be had. */
  changed: () => void;
  /** For good: nothing goes on here. */
  ended: (why: Refusal) => void;
}

export class Host {
  readonly core: Core;
  readonly rest = new Rest();
  readonly #listener: Listener;
  readonly #entries: Entry[] = [];
  readonly #commands = new Map<string, Command>();
  readonly #pump = new MessageChannel();
  #isPumping = false;
  #connection: Connection | null = null;
  #open: Connection | null = null;
  #wake: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #session: Session | null = null;
  #isReady = false;
  #attemptsFailed = 0;
  #trouble: Refusal | null = null;
  #ended: Refusal | null = null;
  #stay: AbortController | null = null;
  #waiters: { done: () => boolean; resolve: () => void; reject: (why: Refusal) => void }[] = [];

  constructor(core: Core, listener: Listener) {
    this.core = core;
    this.#listener = listener;
    this.#pump.port1.onmessage = () => this.#pumpOnce();
    // What ended while nothing ran is deleted before anybody reads it.
    const effects = core.feed([{ kind: "tick", more: [] }]);
    this.#wakeAt(effects.wakeAtMs);
  }

  // Commands

  /**
   * Give a command and wait for its end. call: 16 bytes in hex, remembered with the command's rows, and the command's own id.
   * kept: called when the engine took it and its rows are on the disk. Throws a Refusal.
   */
  command(
    name: string,
    given: Fields = {},
    call: string | null = null,
    kept: (answer: unknown) => void = () => undefined,
  ): Promise<Fields> {
    if (this.#ended !== null && this.#ended.code !== "replaced") return Promise.reject(this.#ended);
    const id = call === null ? random(COMMAND_BYTES) : fromHex(call);
    return new Promise((resolve, reject) => {
      this.#commands.set(hex(id), { resolve, reject });
      const refused = (why: Refusal) => this.#finish(id, (command) => command.reject(why));
      this.#put({ input: { kind: "command", more: [id, name, given], call }, taken: kept, refused });
    });
  }

  #finish(id: Uint8Array, how: (command: Command) => void): void {
    const command = this.#commands.get(hex(id));
    this.#commands.delete(hex(id));
    if (command !== undefined) how(command);
  }

  // The pump: one batch of inputs at a time; rows, then frames, then events

  #put(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#isPumping) return;
    this.#isPumping = true;
    // A task of its own, so that what the network brought meanwhile is taken together.
    this.#pump.port2.postMessage(null);
  }

  #pumpOnce(): void {
    this.#isPumping = false;
    if (this.#ended !== null && this.#ended.code !== "replaced") return;
    const batch = this.#nextBatch();
    if (batch.length === 0) return;
    try {
      this.#carryOut(batch, this.core.feed(batch.map((entry) => entry.input)));
    } catch (error) {
      this.#end(error instanceof Refusal ? error : new Refusal("EngineStopped", String(error)));
    }
    if (this.#entries.length > 0) {
      this.#isPumping = true;
      this.#pump.port2.postMessage(null);
    }
  }

  /** What changes which connection frames go to is never taken together with others. */
  #nextBatch(): Entry[] {
    const turn = this.#entries.findIndex(
      ({ input }) => input.kind === "connected" || input.kind === "disconnected",
    );
    const count = turn === 0 ? 1 : turn < 0 ? MOST_INPUTS_AT_ONCE : Math.min(turn, MOST_INPUTS_AT_ONCE);
    return this.#entries.splice(0, count);
  }

  #carryOut(batch: Entry[], effects: Effects): void {
    const first = batch[0]?.input.kind;
    if (first === "connected") this.#connection = batch[0]?.connection ?? null;
    else if (first === "disconnected") {
      this.#connection = null;
      this.#isReady = false;
    }
    for (const frame of effects.frames) this.#connection?.send(frame);
    this.#wakeAt(effects.wakeAtMs);
    if (effects.written.size > 0) this.#listener.wrote(effects.written);
    for (const event of effects.events) this.#show(event);
    for (const [place, entry] of batch.entries()) {
      const refused = effects.refused.get(place);
      if (refused === undefined) entry.taken?.(effects.kept.get(place));
      else entry.refused?.(refused);
    }
    if (first === "connected" || first === "disconnected") this.#change();
  }

  #show(event: Event): void {
    const [name, details] = event;
    if (name === "done") this.#finish(details.command, (command) => command.resolve(details));
    else if (name === "refused") {
      const why = new Refusal(details.code, details.words);
      this.#finish(details.command, (command) => command.reject(why));
    }
    if (name === "ready") {
      this.#isReady = true;
      this.#attemptsFailed = 0;
      this.#trouble = null;
      this.#change();
    }
    this.#listener.event(event);
  }

  #wakeAt(atMs: number | null): void {
    clearTimeout(this.#wake);
    if (atMs === null || this.#ended !== null) return;
    const delay = Math.min(LONGEST_WAKE_MS, Math.max(SHORTEST_WAKE_MS, atMs - Date.now()));
    this.#wake = setTimeout(() => this.#put({ input: { kind: "tick", more: [] } }), delay);
  }

  // The connection

  get isReady(): boolean {
    return this.#isReady;
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  /** What ended this host, or the last try to connect; null while connected. */
  get trouble(): Refusal | null {
    return this.#ended ?? (this.#isReady ? null : this.#trouble);
  }

  /** Connect and stay connected, as the device; or once with a given session (one that may only recover). */
  connect(session: Session | null = null): void {
    if (this.#stay !== null || this.#ended !== null) return;
    const stay = new AbortController();
    this.#stay = stay;
    self.addEventListener("offline", () => this.#open?.close(), { signal: stay.signal });
    void this.#stayConnected(session, stay.signal);
  }

  async #stayConnected(given: Session | null, ended: AbortSignal): Promise<void> {
    let session = given;
    while (!ended.aborted && this.#ended === null) {
      try {
        this.#session = session ?? (await this.#signIn());
        session = null;
        const connection = await Connection.open(this.rest.origin, this.#session.token);
        if (ended.aborted) connection.close();
        else await this.#serve(connection, ended);
        this.#judgeGoodbye(connection);
      } catch (error) {
        this.#failed(error instanceof Refusal ? error : new Refusal("Offline", String(error)));
      }
      if (given !== null || ended.aborted) return;
      await this.#pause(ended);
    }
  }

  /** A while, longer after each failure; over as soon as the network is back. */
  #pause(ended: AbortSignal): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#attemptsFailed, 10));
    const pause = SHORTEST_PAUSE_MS + Math.random() * (longest - SHORTEST_PAUSE_MS);
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        self.removeEventListener("online", over);
        resolve();
      };
      const timer = setTimeout(over, pause);
      self.addEventListener("online", over);
      ended.addEventListener("abort", over);
    });
  }

  #failed(why: Refusal): void {
    this.#attemptsFailed++;
    this.#trouble = why;
    const code = SIGN_IN_FOR_GOOD[why.code] ?? (CLOSED_FOR_GOOD.has(why.code) ? why.code : null);
    if (code !== null) this.#end(new Refusal(code, why.words));
    this.#change();
  }

  #judgeGoodbye({ goodbye }: Connection): void {
    if (goodbye === null) return;
    if (CLOSED_FOR_GOOD.has(goodbye.code)) this.#end(goodbye);
    else if (goodbye.code !== "expired") this.#failed(new Refusal("Offline", goodbye.words));
  }

  /** While the connection lasts. */
  async #serve(connection: Connection, ended: AbortSignal): Promise<void> {
    const over = new Promise<void>((resolve) => {
      connection.onEnd = resolve;
      ended.addEventListener("abort", () => {
        connection.close();
        resolve();
      });
    });
    connection.onFrame = (frame) => this.#put({ input: { kind: "frame", more: [frame] } });
    this.#open = connection;
    this.#put({ input: { kind: "connected", more: [] }, connection });
    this.#renewLater(connection);
    await over;
    connection.onFrame = () => undefined;
    this.#open = null;
    clearTimeout(this.#renewal);
    await new Promise<void>((resolve) => {
      this.#put({
        input: { kind: "disconnected", more: [] },
        taken: () => resolve(),
        refused: () => resolve(),
      });
    });
  }

  #renewLater(connection: Connection): void {
    const leftMs = (this.#session?.expiresMs ?? 0) - Date.now() - RENEW_BEFORE_MS;
    this.#renewal = setTimeout(
      async () => {
        try {
          this.#session = await this.#signIn();
          connection.renew(this.#session.token);
        } catch {
          // The connection lives until the session ends; then signing in again says why.
        }
        if (this.#open === connection) this.#renewLater(connection);
      },
      Math.max(1000, leftMs),
    );
  }

  async #signIn(): Promise<Session> {
    const me = this.core.view("me");
    const nonce = await this.rest.challenge(me.device);
    const signed = await this.command("sign_in", { origin: this.rest.origin, server_nonce: nonce });
    return this.rest.session({ device: me.device, ...signed } as unknown as Signed, nonce);
  }

  /** A session good for REST. Throws a Refusal: Offline, DeviceInactive. */
  async session(): Promise<Session> {
    if (this.#session === null || this.#session.expiresMs - Date.now() < RENEW_BEFORE_MS / 2)
      this.#session = await this.#signIn();
    return this.#session;
  }

  /** End the connection and its attempts; the engine goes on. */
  async disconnect(): Promise<void> {
    this.#stay?.abort();
    this.#stay = null;
    this.#session = null;
    this.#attemptsFailed = 0;
    await this.#until(() => this.#connection === null && this.#open === null);
  }

  /** Wait until the connection is open and the engine knows. Refused: Offline, or why it could not be had. */
  connected(): Promise<void> {
    return this.#until(() => {
      if (this.#connection === null && this.#attemptsFailed > 0)
        throw this.#trouble ?? new Refusal("Offline");
      return this.#connection !== null;
    });
  }

  /** Wait until the first try to connect has come to something, good or bad. At once when it has. */
  tried(): Promise<void> {
    return this.#until(() => this.#isReady || this.#attemptsFailed > 0);
  }

  /** Wait until everything is synced, however long that takes. */
  ready(): Promise<void> {
    return this.#until(() => this.#isReady);
  }

  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ done, resolve, reject });
      this.#look();
    });
  }

  #look(): void {
    this.#waiters = this.#waiters.filter(({ done, resolve, reject }) => {
      try {
        if (this.#ended !== null) throw this.#ended;
        if (!done()) return true;
        resolve();
      } catch (error) {
        reject(error as Refusal);
      }
      return false;
    });
  }

  #change(): void {
    this.#look();
    this.#listener.changed();
  }

  // The end

  #end(why: Refusal): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    clearTimeout(this.#wake);
    clearTimeout(this.#renewal);
    this.#stay?.abort();
    for (const command of this.#commands.values()) command.reject(why);
    this.#commands.clear();
    this.#look();
    this.#listener.ended(why);
  }

  /** Disconnect; engine and store are closed. */
  close(): void {
    this.#ended ??= new Refusal("Closed", "It was closed.");
    clearTimeout(this.#wake);
    clearTimeout(this.#renewal);
    this.#stay?.abort();
    this.#open?.close();
    for (const command of this.#commands.values()) command.reject(this.#ended);
    this.#commands.clear();
    this.#look();
    this.#pump.port1.close();
    this.core.close();
  }
}
