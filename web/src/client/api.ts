/**
 * What a tab asks of the engine's host (src/host, in a worker) and what it is told. Ids are lower-case hex, times unix milliseconds.
 * Everything here goes through a structured clone: plain data only. No decision about the protocol is made on this side.
 */

export type Hex = string;
/** A message is named by the device that wrote it and the id it gave it. */
export interface Ref {
  device: Hex;
  id: Hex;
}

/** How a browser keeps the key of its store. "passkey": wrapped by the passkey's PRF output; "passphrase": by argon2id of the words;
 * "browser": a non-extractable key of this browser, which is no protection against somebody who copies its files. */
export type Custody = "passkey" | "passphrase" | "browser";

/** Where this browser stands. Every tab shows exactly one of these. */
export type Standing =
  | { kind: "opening" }
  /** Nothing is kept here: an invitation link or a sign-in leads on. */
  | { kind: "nobody" }
  /** A join was begun and not finished: go on with joining. */
  | { kind: "joining"; account: string; link: string }
  /** The store is there and its key is not: unlock. credentials: ids (base64url) of the passkeys that open it. */
  | { kind: "locked"; custody: Custody; account: string; credentials: string[] }
  | { kind: "open"; me: Me; link: Link }
  /** Signed out for good: what was kept here is erased. words: why, for people. */
  | { kind: "ended"; code: string; words: string }
  /** The store cannot be read. Nothing is deleted before the person says so. */
  | { kind: "damaged"; words: string }
  /** This browser lacks something Inmost cannot do without. */
  | { kind: "unable"; words: string };

/** The connection to the server. waiting: messages that are to be sent. */
export interface Link {
  state: "online" | "connecting" | "offline";
  /** Why it is offline, for people; "" when it is not known. */
  words: string;
  waiting: number;
}

export interface Me {
  user: Hex;
  device: Hex;
  account: string;
  name: string;
  role: Role;
  custody: Custody;
  organisation: string;
}

export type Role = "owner" | "administrator" | "member" | "guest";
export type ConversationRole = "owner" | "moderator" | "member" | "guest";

export interface Device {
  id: Hex;
  isActive: boolean;
  addedAtMs: number | null;
  isThis: boolean;
}

/** level: how the identity is vouched for ("owner": of the first claim, "link": by an invitation link). isVerified: numbers were compared. */
export interface Person {
  id: Hex;
  account: string;
  name: string;
  role: Role;
  isBot: boolean;
  isSuspended: boolean;
  level: string;
  isVerified: boolean;
  devices: Device[];
  invitedBy: Hex | null;
  presence: "active" | "idle" | null;
}

export interface Conversation {
  id: Hex;
  kind: "direct" | "group" | "channel" | "general" | "personal";
  /** What to show: the title, or the other person's name, or a list of names. */
  title: string;
  topic: string;
  state: "member" | "removed" | "joining" | "waiting";
  people: Hex[];
  deviceCount: number;
  epoch: number;
  lastN: number | null;
  /** The server's time of the newest message that is here; null: none is. */
  lastAtMs: number | null;
  /** The newest message that is shown, for the list; null: none is here. */
  last: { user: Hex | null; text: string; type: string } | null;
  readN: number | null;
  /** Messages after this number count as unread. */
  unreadAfter: number;
  unread: number;
  mentions: number;
  unreadIsLeast: boolean;
  isPinned: boolean;
  isMuted: boolean;
  draft: string;
  typing: Hex[];
  /** How far others have read: number by person. */
  readBy: Record<Hex, number>;
  role: ConversationRole | "";
  roles: Record<Hex, ConversationRole>;
  isOpen: boolean;
  isAnnouncement: boolean;
  mayPost: boolean;
  isModerated: boolean;
  takesGuests: boolean;
}

export interface OpenChannel {
  id: Hex;
  title: string;
  topic: string;
  by: Hex;
  isJoined: boolean;
}

export interface Reaction {
  emoji: string;
  people: Hex[];
}

export interface Poll {
  question: string;
  options: string[];
  isMultiple: boolean;
  isClosed: boolean;
  votes: { person: Hex; choices: number[] }[];
}

/** One line of a timeline, edits, deletions, reactions and votes resolved. */
export interface Message {
  /** Stable while the message stands on this device, its number or not. */
  key: string;
  conversation: Hex;
  /** The number in the conversation's log; null while it waits to be sent. */
  n: number | null;
  device: Hex | null;
  id: Hex | null;
  user: Hex | null;
  /** The server's time; the author's while it waits. */
  atMs: number;
  type:
    | "text"
    | "poll"
    | "title"
    | "topic"
    | "joined"
    | "left"
    | "unreadable"
    | "unknown"
    | "expired"
    | "channel"
    | "channel_closed";
  /** null when deleted, or for a type without words. */
  text: string | null;
  isEdited: boolean;
  isDeleted: boolean;
  isPinned: boolean;
  mentions: Hex[];
  mentionsMe: boolean;
  reactions: Reaction[];
  replyTo: (Ref & { user: Hex | null; text: string | null }) | null;
  thread: Ref | null;
  /** Answers in the thread that hangs on this message; null: none. */
  answers: { count: number; lastN: number | null; lastAtMs: number | null } | null;
  poll: Poll | null;
  /** Of "joined" and "left": who, and by whom. */
  people: Hex[];
  by: Hex | null;
  /** Of "unreadable": why ("Waiting": opens by itself later). */
  reason: string | null;
  expiresAtMs: number | null;
}

/** A stretch of a timeline, oldest first. hasMore: there is more before it. isWaiting: what is before waits for another member's device. */
export interface Stretch {
  messages: Message[];
  hasMore: boolean;
  isWaiting: boolean;
}

export interface Thread {
  root: Ref;
  /** null: the root is not on this device yet. */
  message: Message | null;
  answers: number;
  lastN: number | null;
}

export interface Found {
  message: Message;
  conversation: Hex;
}

export interface Alarm {
  kind: string;
  words: string;
  atMs: number;
  conversation: Hex | null;
  person: Hex | null;
  device: Hex | null;
}

export interface Invitation {
  id: Hex;
  account: string;
  role: Role;
  isBot: boolean;
  by: Hex | null;
  expiresAtMs: number | null;
  state: string;
}

/** What an administrator sees of an account beside what the directory says. */
export interface Account {
  user: Hex;
  account: string;
  hasSecondFactor: boolean;
  lastSeenDay: string | null;
  isLocked: boolean;
}

export interface Passkey {
  id: string;
  name: string;
  isSynced: boolean;
  createdAtMs: number;
  lastUsedDay: string | null;
  alarmAtMs: number | null;
  opensVault: boolean;
}

/** What a person is told while joining. recoveryKey is shown once; totp* are for the password's second factor. */
export interface Joining {
  account: string;
  organisation: string;
  role: Role | "";
  isBot: boolean;
  inviter: string;
  recoveryKey: string;
  totpSecret: string;
  totpUri: string;
}

/** A passkey as the browser gave it: WebAuthn's own JSON without PRF results, and what its PRF gave (32 bytes each), null if it has none. */
export interface MadePasskey {
  response: unknown;
  name: string;
  vaultSecret: Uint8Array | null;
  storeSecret: Uint8Array | null;
}

/** How the key of this browser's store is to be kept; null secret is refused for a passkey. */
export type Keep =
  | { custody: "passkey"; credential: string; secret: Uint8Array }
  | { custody: "passphrase"; passphrase: string }
  | { custody: "browser" };

export type Factor = { password: string; code: string } | { passkey: MadePasskey };
export type Act =
  | "suspend"
  | "role"
  | "invite_administrator"
  | "recovery_key"
  | "add_passkey"
  | "remove_passkey"
  | "reset_second_factor"
  | "password";

export type Content =
  | { type: "text"; text: string; mentions: Hex[]; replyTo?: Ref; thread?: Ref; expiresAfterMs?: number }
  | {
      type: "poll";
      text: string;
      options: string[];
      multiple: boolean;
      thread?: Ref;
      expiresAfterMs?: number;
    }
  | { type: "edit"; target: Ref; text: string; mentions: Hex[] }
  | { type: "delete"; target: Ref }
  | { type: "react"; target: Ref; emoji: string; on: boolean }
  | { type: "pin"; target: Ref; on: boolean }
  | { type: "vote"; target: Ref; choices: number[] }
  | { type: "close"; target: Ref }
  | { type: "title" | "topic"; text: string };

/** Every question and wish. Each answers with a promise; what is refused rejects with a Refusal. */
export interface Calls {
  // Where we stand
  standing(): Standing;
  /** Open the store. Refused: WrongKey, WrongPassphrase, StoreDamaged. "browser": secret is null. */
  unlock(secret: { passphrase: string } | { storeSecret: Uint8Array } | null): Standing;
  /** Forget the key in all tabs. */
  lock(): Standing;
  /** Erase what is kept here. revoke: shut this device out first (refused: Offline). */
  forget(revoke: boolean): Standing;

  // Joining
  /** Begin with an invitation link, or go on with it. Refused: BadLink, InvitationExpired, ... */
  joinBegin(link: string, name: string): Joining;
  /** WebAuthn's {publicKey: creation options} for the passkey that comes with this claim. */
  joinPasskeyOptions(): { publicKey: unknown };
  /** Claim. keep says how the store's key is kept; it is written before the claim leaves. backupCodes: [] with a passkey. */
  joinClaim(
    keep: Keep,
    factor: { passkey: MadePasskey } | { password: string; code: string },
  ): { backupCodes: string[] };
  /** Wait until everything is set up. */
  joinFinish(): Standing;

  // Coming back, or a further device
  recoverOptions(): { publicKey: unknown };
  /** Refused: SignInRefused, PasskeyRefused, RecoveryKeyNeeded, WrongRecoveryKey, BadRecoveryKey, SlowDown. */
  recover(
    keep: Keep,
    proof: { passkey: MadePasskey } | { account: string; password: string; code: string },
    recoveryKey: string | null,
    revokeOthers: boolean,
  ): Standing;

  // Who is there
  people(): Person[];
  invitations(): Invitation[];
  devices(): Device[];
  alarms(): Alarm[];
  safetyNumber(person: Hex): string;
  markVerified(person: Hex, number: string): void;
  accounts(): Account[];
  passkeys(): Passkey[];

  // What there is to read
  conversations(): Conversation[];
  openChannels(): { channels: OpenChannel[]; isWhole: boolean };
  /** The newest `limit` messages before number `before` (null: the newest, what waits included). Loads what is missing when online. */
  timeline(conversation: Hex, before: number | null, limit: number): Stretch;
  /** Messages from number `from` on, `limit` at most: to go to a date or a message. */
  timelineFrom(conversation: Hex, from: number, limit: number): Stretch;
  /** The number of the first message at or after a time, as far as it is here; null: none. */
  numberAt(conversation: Hex, atMs: number): number | null;
  thread(conversation: Hex, root: Ref, before: number | null, limit: number): Stretch;
  threads(conversation: Hex): Thread[];
  pinned(conversation: Hex): Message[];
  message(conversation: Hex, ref: Ref): Message | null;
  search(query: string, conversation: Hex | null, limit: number): Found[];

  // What a person does
  /** Resolves when it is in the store and can be shown: it goes out by itself, also later. */
  send(conversation: Hex, content: Content): { id: Hex };
  create(
    kind: "direct" | "group" | "channel",
    title: string | null,
    people: Hex[],
    more: { topic?: string; open?: boolean; announcement?: boolean },
  ): Hex;
  add(conversation: Hex, people: Hex[]): void;
  remove(conversation: Hex, people: Hex[]): void;
  /** false: the wish is with the server, and takes effect when another member's device is online. */
  leave(conversation: Hex): boolean;
  joinChannel(conversation: Hex): void;
  setSettings(
    conversation: Hex,
    settings: { open?: boolean; announcement?: boolean; guests?: boolean; moderated?: boolean },
  ): void;
  setConversationRole(conversation: Hex, person: Hex, role: ConversationRole): void;
  read(conversation: Hex, n: number): void;
  signal(conversation: Hex, typing: boolean): void;
  presence(active: boolean | null): void;
  setDraft(conversation: Hex, text: string | null): void;
  mute(conversation: Hex, on: boolean): void;
  pinConversation(conversation: Hex, on: boolean): void;
  rename(name: string): void;
  revoke(device: Hex): void;

  // Administration. Refused with StepUpRequired: prove yourself with stepUp, then ask again.
  invite(account: string, role: Role, isBot: boolean, name: string, expiresAtMs: number): { link: string };
  withdraw(invitation: Hex): void;
  suspend(person: Hex, suspended: boolean): void;
  setRole(person: Hex, role: Role): void;
  resetSecondFactor(person: Hex): { code: string; expiresAtMs: number };

  // Factors
  stepUpOptions(act: Act): { publicKey: unknown } | null;
  stepUp(act: Act, factor: Factor): void;
  passkeyOptions(): { publicKey: unknown };
  addPasskey(made: MadePasskey): Passkey;
  removePasskey(id: string): void;
}

export type CallName = keyof Calls;
export type Answer<Name extends CallName> = ReturnType<Calls[Name]>;

/** A refusal as it crosses from the worker: a stable code, and words for people where the code has none of its own. */
export interface RefusalData {
  code: string;
  words: string;
  retryAfterMs: number | null;
  /** Of StepUpRequired. */
  act: Act | null;
}

/** What a tab is told without asking. "changed": ask again for what you show of it. */
export type Told =
  | { kind: "standing"; standing: Standing }
  | { kind: "link"; link: Link }
  | { kind: "changed"; what: "conversations" | "people" | "devices" | "alarms" | "channels" }
  /** Rows of a timeline were written, or read positions and typing changed. */
  | { kind: "changed"; what: "timeline"; conversation: Hex }
  /** Somebody else wrote something new that counts as unread. */
  | { kind: "arrived"; conversation: Hex; n: number }
  | { kind: "alarm"; alarm: Alarm }
  /** How far recover() is. done of `of`: conversations read back; null: not known. */
  | { kind: "progress"; step: "vault" | "conversations" | "history"; done: number; of: number | null };

/** The client as the tab's code has it (src/client/client.ts). */
export type Client = {
  [Name in CallName]: (...given: Parameters<Calls[Name]>) => Promise<Answer<Name>>;
} & {
  /** Called with everything told from now on. Returns what ends that. */
  subscribe(listener: (told: Told) => void): () => void;
};
