/** The one worker of this browser that has store and engine: where the browser stands, and everything that changes it. */
import type { CallName, Calls, Keep, Standing, Told } from "../client/api";
import { Refusal } from "../client/refusal";
import { Account, type Standings } from "./account";
import { answers, ONCE } from "./answers";
import type { Bytes } from "./bytes";
import { find, isKeyOf, keep, keepFor, keepWithout, makeKey, type Secret } from "./custody";
import { Database } from "./database";
import { Join } from "./joining";
import { credentialsOf, eraseNote, type Note, readNote, writeNote } from "./note";
import { Rest } from "./rest";
import { Admission, becomeDevice, type Proof } from "./returning";
import { Store } from "./store";

/** What the leader tells the other workers: what tabs are told, and the key of the store while it is open (null: forget it). */
export interface Followers {
  tell: (told: Told) => void;
  share: (key: Bytes | null) => void;
}

type StandingAnswers = {
  [Name in Standings]: (
    ...given: Parameters<Calls[Name]>
  ) => ReturnType<Calls[Name]> | Promise<ReturnType<Calls[Name]>>;
};

/** Why this device is out for good: what is kept here is erased. */
const SHUT_OUT = ["revoked", "suspended"];
const KNOWN_PHASES = ["claiming", "ready"];
const UNREADABLE = ["StoreDamaged", "StoreTooNew", "EngineStopped"];

/** Refusals of a claim after which the same one may be tried again, with another answer or later. */
const ASK_AGAIN = new Set([
  "WeakPassword",
  "SecondFactorRefused",
  "PasswordNeeded",
  "SignInRefused",
  "PasskeyNotTaken",
  "PasskeysNeedAName",
  "SlowDown",
  "Offline",
  "NotAServer",
]);

export class Leader {
  readonly #followers: Followers;
  readonly #store: Store;
  readonly #admission = new Admission();
  #standing: Standing = { kind: "opening" };
  #note: Note | null = null;
  #key: Bytes | null = null;
  #account: Account | null = null;
  #join: Join | null = null;

  private constructor(store: Store, followers: Followers) {
    this.#store = store;
    this.#followers = followers;
  }

  /** key: as this worker or another had it while the leader before was at work. */
  static async begin(key: Bytes | null, followers: Followers): Promise<Leader> {
    const leader = new Leader(await Store.take(), followers);
    await leader.#begin(key);
    return leader;
  }

  async #begin(key: Bytes | null): Promise<void> {
    this.#note = await readNote();
    if (this.#note === null) {
      // Without its note a store is what an unfinished join left behind: nobody has its key.
      await this.#store.erase();
      this.#stand({ kind: "nobody" });
    } else if (!this.#store.isThere) {
      this.#stand({
        kind: "damaged",
        words: "What was kept in this browser is gone, and its key is still there.",
      });
    } else {
      this.#stand(this.#locked(this.#note));
      if (key !== null) await this.offer(key);
    }
  }

  /** A key that another worker had in memory. Nothing happens when it is not this store's, or is not needed. */
  async offer(key: Bytes): Promise<void> {
    if (this.#standing.kind !== "locked" || this.#note === null) return;
    if (await isKeyOf(this.#note, key)) await this.#open(key, this.#note);
  }

  get key(): Bytes | null {
    return this.#standing.kind === "open" ? this.#key : null;
  }

  // Calls

  /** Answer a call of a tab's. id: 16 bytes in hex. Throws a Refusal. */
  async call(id: string, name: CallName, given: unknown[]): Promise<unknown> {
    if (Object.hasOwn(this.#standings, name)) {
      const answer = this.#standings[name as Standings] as (...given: unknown[]) => unknown;
      return answer(...given);
    }
    if (!Object.hasOwn(answers, name)) throw new Refusal("UnknownCall", "Inmost knows no such question.");
    const account = this.#opened();
    if (ONCE.has(name)) {
      const before = account.host.core.database.applied(id);
      if (before !== undefined) return before;
    }
    const answer = answers[name as keyof typeof answers] as (...given: unknown[]) => unknown;
    try {
      const answered = await this.#onceConnected(account, async () => answer(account, id, ...given));
      await this.#keepPasskeys(name, given);
      return answered;
    } catch (error) {
      if (error instanceof Refusal && error.code === "StoreDamaged") this.#ended(error);
      throw error;
    }
  }

  /** What is refused only because this leader has just begun, and is not connected yet, is tried again when it is. */
  async #onceConnected(account: Account, work: () => Promise<unknown>): Promise<unknown> {
    try {
      return await work();
    } catch (error) {
      const { isReady, trouble } = account.host;
      if (!(error instanceof Refusal && error.code === "Offline") || isReady || trouble !== null) throw error;
      await account.host.tried();
      return work();
    }
  }

  readonly #standings: StandingAnswers = {
    standing: () => (this.#standing.kind === "open" ? this.#isOpen() : this.#standing),
    unlock: async (secret) => this.#unlock(secret),
    lock: () => this.#lock(),
    forget: async (revoke) => this.#forget(revoke),
    joinBegin: async (link, name) => this.#joinBegin(String(link), String(name)),
    joinPasskeyOptions: async () => this.#joining().passkeyOptions(),
    joinClaim: async (how, factor) => {
      const join = this.#joining();
      await this.#keep(how, join.account);
      return join.claim(factor).catch((error) => this.#claimRefused(error));
    },
    joinFinish: async () => {
      await this.#joining().finish();
      this.#join = null;
      return this.#standOpen();
    },
    recoverOptions: async () => new Rest().recoveryOptions(),
    recover: async (how, proof, recoveryKey, revokeOthers) =>
      this.#recover(how, proof, recoveryKey, revokeOthers),
  };

  #opened(): Account {
    if (this.#account === null || this.#standing.kind !== "open")
      throw new Refusal("Locked", "What is kept here is not open.");
    return this.#account;
  }

  // Opening and closing

  #stand(standing: Standing): Standing {
    this.#standing = standing;
    this.#followers.tell({ kind: "standing", standing });
    return standing;
  }

  #locked(note: Note): Standing {
    return { kind: "locked", custody: note.kind, account: note.account, credentials: credentialsOf(note) };
  }

  async #unlock(secret: Secret): Promise<Standing> {
    if (this.#standing.kind !== "locked" || this.#note === null) return this.#standing;
    const note = this.#note;
    const key = await find(note, secret);
    // Another tab may have been faster.
    return this.#standing.kind === "locked" ? this.#open(key, note) : this.#standing;
  }

  /** Open what is kept here with the right key. Refused: StoreDamaged. */
  async #open(key: Bytes, note: Note): Promise<Standing> {
    let account: Account;
    try {
      account = this.#make(key);
    } catch (error) {
      return this.#damaged(error);
    }
    if (account.phase === "ended") return this.#shutOut(new Refusal("revoked", "This device was shut out."));
    if (note.isUnfinished) {
      // A return that was cut short before this device was one of the account's begins anew.
      await this.#erase();
      return this.#stand({ kind: "nobody" });
    }
    if (!KNOWN_PHASES.includes(account.phase))
      return this.#damaged(new Refusal("StoreDamaged", "A part of what was kept here is missing."));
    this.#note = note;
    this.#join = Join.of(account.host);
    if (account.phase === "claiming" && this.#join !== null && (await this.#join.wasTaken())) {
      await this.#join.finish();
      this.#join = null;
      return this.#standOpen();
    }
    if (account.phase === "claiming" && this.#join !== null) {
      const { account: name, link } = this.#join;
      return this.#stand({ kind: "joining", account: name, link });
    }
    account.host.connect();
    return this.#standOpen();
  }

  /** Store and engine under a key. */
  #make(key: Bytes): Account {
    const database = new Database(this.#store.open(key));
    try {
      const account = new Account(database, (told) => this.#tell(told));
      account.onEnd = (why) => this.#ended(why);
      this.#key = key;
      this.#account = account;
      return account;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #isOpen(): Standing {
    const account = this.#account;
    if (account === null || this.#note === null)
      throw new Refusal("Locked", "What is kept here is not open.");
    return { kind: "open", me: account.me(this.#note.kind), link: account.link };
  }

  /** From here on all tabs may ask. */
  #standOpen(): Standing {
    const standing = this.#stand(this.#isOpen());
    this.#followers.share(this.#key);
    return standing;
  }

  /** With what is told of people comes one's own name and role, where they have changed. */
  #tell(told: Told): void {
    this.#followers.tell(told);
    if (told.kind !== "changed" || told.what !== "people" || this.#standing.kind !== "open") return;
    const standing = this.#isOpen();
    if (standing.kind === "open" && JSON.stringify(standing.me) !== JSON.stringify(this.#standing.me))
      this.#stand(standing);
  }

  #close(): void {
    const account = this.#account;
    this.#account = null;
    this.#key = null;
    this.#join = null;
    account?.close();
  }

  #lock(): Standing {
    this.#followers.share(null);
    if (this.#standing.kind !== "open" || this.#note === null) return this.#standing;
    this.#close();
    return this.#stand(this.#locked(this.#note));
  }

  async #forget(revoke: boolean): Promise<Standing> {
    if (revoke) {
      const account = this.#opened();
      account.onEnd = () => undefined;
      await this.#shutOutFirst(account).catch((error) => {
        account.onEnd = (why) => this.#ended(why);
        throw error;
      });
    }
    await this.#erase();
    return this.#stand({ kind: "nobody" });
  }

  /** Refused: LastDevice, Offline. */
  async #shutOutFirst({ acts, host, people }: Account): Promise<void> {
    if (!people.devices().some((device) => device.isActive && !device.isThis))
      throw new Refusal("LastDevice", "Your only device cannot be shut out. Forget it without that.");
    try {
      await acts.do("revoke", { device: host.core.view("me").device });
    } catch (error) {
      // The server may end the connection before it has answered.
      if (!(error instanceof Refusal && SHUT_OUT.includes(error.code))) throw error;
    }
  }

  /** The key first: without it the rest is noise. */
  async #erase(): Promise<void> {
    this.#followers.share(null);
    this.#close();
    await eraseNote();
    this.#note = null;
    await this.#store.erase();
  }

  // For good

  #ended(why: Refusal): void {
    // Later: whoever says so is still at work with the engine.
    setTimeout(() => {
      if (SHUT_OUT.includes(why.code)) void this.#shutOut(why);
      else if (UNREADABLE.includes(why.code)) this.#damaged(why);
      else this.#followers.tell({ kind: "changed", what: "conversations" });
    });
  }

  async #shutOut(why: Refusal): Promise<Standing> {
    if (this.#standing.kind === "ended") return this.#standing;
    const standing = this.#stand({ kind: "ended", code: why.code, words: why.words });
    await this.#erase();
    return standing;
  }

  /** Nothing is deleted: the person decides. */
  #damaged(error: unknown): Standing {
    if (!(error instanceof Refusal) || !UNREADABLE.includes(error.code)) throw error;
    if (this.#standing.kind === "damaged") return this.#standing;
    this.#followers.share(null);
    try {
      this.#close();
    } catch {
      // What cannot be read may not close, either.
    }
    return this.#stand({ kind: "damaged", words: error.words });
  }

  // Joining and coming back

  #joining(): Join {
    if (this.#join === null) throw new Refusal("NotJoining", "Begin with the invitation link.");
    return this.#join;
  }

  async #joinBegin(link: string, name: string): Promise<ReturnType<Calls["joinBegin"]>> {
    if (this.#join?.link === link) {
      await this.#join.again(name);
      return this.#join.shown;
    }
    // A join that came to nothing gives way to another link.
    if (!["nobody", "ended", "joining"].includes(this.#standing.kind))
      throw new Refusal("AlreadyHere", "This browser is in use for an account already.");
    await this.#erase();
    try {
      const { host } = this.#make(makeKey());
      this.#join = await Join.begin(host, link, name);
    } catch (error) {
      await this.#erase();
      this.#stand({ kind: "nobody" });
      throw error;
    }
    this.#stand({ kind: "joining", account: this.#join.account, link });
    return this.#join.shown;
  }

  /** What another answer does not mend ends this join. */
  async #claimRefused(error: unknown): Promise<never> {
    if (error instanceof Refusal && !ASK_AGAIN.has(error.code)) {
      await this.#erase();
      this.#stand({ kind: "nobody" });
    }
    throw error;
  }

  /** Note how the key is kept, before anything leaves that cannot be taken back. */
  async #keep(how: Keep, account: string, isUnfinished = false): Promise<void> {
    if (this.#key === null) throw new Refusal("Locked", "What is kept here is not open.");
    const note = await keep(this.#key, how, account);
    this.#note = isUnfinished ? { ...note, isUnfinished } : note;
    await writeNote(this.#note);
  }

  /** A further passkey opens what is kept here too; one that was removed does not. */
  async #keepPasskeys(name: CallName, given: unknown[]): Promise<void> {
    if (this.#note === null || this.#key === null) return;
    let note = this.#note;
    if (name === "addPasskey") {
      const [{ response, storeSecret }] = given as Parameters<Calls["addPasskey"]>;
      if (storeSecret !== null)
        note = await keepFor(note, this.#key, (response as { id: string }).id, storeSecret);
    } else if (name === "removePasskey") note = keepWithout(note, String(given[0]));
    if (note === this.#note) return;
    await writeNote(note);
    this.#note = note;
  }

  async #recover(
    how: Keep,
    proof: Proof,
    recoveryKey: string | null,
    revokeOthers: boolean,
  ): Promise<Standing> {
    if (this.#standing.kind !== "nobody" && this.#standing.kind !== "ended")
      throw new Refusal("AlreadyHere", "This browser is in use for an account already.");
    const rest = new Rest();
    await rest.organisation();
    const session = await this.#admission.session(rest, proof, recoveryKey);
    await this.#erase();
    this.#tellProgress("vault", 0, null);
    try {
      const { host } = this.#make(makeKey());
      await this.#keep(how, session.account, true);
      await becomeDevice(host, session, proof, recoveryKey, revokeOthers);
      await this.#keep(how, session.account);
    } catch (error) {
      await this.#erase();
      throw error;
    }
    this.#admission.forget();
    return this.#readBack();
  }

  async #readBack(): Promise<Standing> {
    const account = this.#account;
    if (account === null) throw new Refusal("Locked", "What is kept here is not open.");
    this.#tellProgress("conversations", 0, null);
    account.host.connect();
    await account.host.ready();
    await account.readBack((done, of) => this.#tellProgress("history", done, of));
    return this.#standOpen();
  }

  #tellProgress(step: "vault" | "conversations" | "history", done: number, of: number | null): void {
    this.#followers.tell({ kind: "progress", step, done, of });
  }
}
