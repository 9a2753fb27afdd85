/** A client on sample data in memory: for the design system's pages and their tests, and never for the product. */
import type {
  Calls,
  Client,
  Content,
  Conversation,
  Hex,
  Joining,
  Message,
  Ref,
  RefusalData,
  Standing,
  Stretch,
  Told,
} from "../client/api";
import { ACCOUNTS, ALARMS, INVITATIONS, OPEN_CHANNELS, PASSKEYS } from "./administration";
import { CONVERSATIONS } from "./conversations";
import { HARBOUR, message, THREAD, TIMELINE } from "./messages";
import { deviceOf, hex, MARA, NOW_MS, PEOPLE } from "./people";

export const ME = {
  user: MARA.id,
  device: deviceOf(MARA.id),
  account: MARA.account,
  name: MARA.name,
  role: MARA.role,
  custody: "passphrase" as const,
  organisation: "Studio Nordlicht",
};

export const OPEN: Standing = { kind: "open", me: ME, link: { state: "online", words: "", waiting: 0 } };

export const JOINING: Joining = {
  account: "mara",
  organisation: "Studio Nordlicht",
  role: "member",
  isBot: false,
  inviter: "Anna Lindqvist",
  recoveryKey: "7K2M-QW9D-H4XV-0RTB-6NYC-E3JF-8PA4",
  totpSecret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  totpUri: "otpauth://totp/Inmost:mara?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Inmost",
};

export const BACKUP_CODES = Array.from({ length: 10 }, (_, at) =>
  hex(`code ${at}`, 12)
    .toUpperCase()
    .replace(/(.{4})(?=.)/g, "$1-"),
);

export interface Sample {
  standing: Standing;
  /** Calls that never answer, and calls that are refused. */
  silent: (keyof Calls)[];
  refused: Partial<Record<keyof Calls, Partial<RefusalData>>>;
  /** Other answers than the sample's. */
  answers: Partial<{ [Name in keyof Calls]: (...given: Parameters<Calls[Name]>) => ReturnType<Calls[Name]> }>;
  messages: Message[];
  conversations: Conversation[];
}

export function sampleClient(given: Partial<Sample> = {}): Client {
  const listeners = new Set<(told: Told) => void>();
  const tell = (told: Told) => {
    for (const listener of listeners) listener(told);
  };
  const sample = new SampleCalls(given, tell);
  return new Proxy({} as Client, {
    get: (_, name) => {
      if (name === "subscribe")
        return (listener: (told: Told) => void) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        };
      if (typeof name !== "string" || name === "then") return undefined;
      return (...asked: unknown[]) => sample.call(name as keyof Calls, asked);
    },
  });
}

class SampleCalls {
  messages: Message[];
  conversations: Conversation[];
  standing: Standing;

  constructor(
    readonly given: Partial<Sample>,
    readonly tell: (told: Told) => void,
  ) {
    this.messages = [...(given.messages ?? TIMELINE)];
    this.conversations = given.conversations ?? CONVERSATIONS;
    this.standing = given.standing ?? OPEN;
  }

  async call(name: keyof Calls, asked: unknown[]): Promise<unknown> {
    if (this.given.silent?.includes(name)) return new Promise(() => {});
    const refusal = this.given.refused?.[name];
    if (refusal) throw { code: "Offline", words: "", retryAfterMs: null, act: null, ...refusal };
    const other = this.given.answers?.[name] as ((...asked: unknown[]) => unknown) | undefined;
    if (other) return other(...asked);
    const own = this.answers[name] as ((...asked: unknown[]) => unknown) | undefined;
    return own?.(...asked);
  }

  stretch(messages: Message[], before: number | null, limit: number): Stretch {
    const until = before === null ? messages : messages.filter((each) => each.n !== null && each.n < before);
    return { messages: until.slice(-limit), hasMore: until.length > limit, isWaiting: false };
  }

  of(conversation: Hex): Message[] {
    return conversation === HARBOUR
      ? this.messages
      : this.messages.slice(2, 5).map((each) => ({ ...each, conversation }));
  }

  find(ref: Ref): Message | null {
    return (
      [...this.messages, ...THREAD].find((each) => each.device === ref.device && each.id === ref.id) ?? null
    );
  }

  change(ref: Ref, change: (message: Message) => Message) {
    this.messages = this.messages.map((each) =>
      each.device === ref.device && each.id === ref.id ? change(each) : each,
    );
  }

  send(conversation: Hex, content: Content): { id: Hex } {
    if (content.type === "text" && !content.thread) {
      const target = content.replyTo ? this.find(content.replyTo) : null;
      const replyTo = content.replyTo
        ? { ...content.replyTo, user: target?.user ?? null, text: target?.text ?? null }
        : null;
      this.messages.push(message(conversation, MARA, NOW_MS - Date.now(), content.text, { replyTo }));
    } else if (content.type === "edit")
      this.change(content.target, (each) => ({ ...each, text: content.text, isEdited: true }));
    else if (content.type === "delete")
      this.change(content.target, (each) => ({ ...each, isDeleted: true, text: null }));
    else if (content.type === "pin")
      this.change(content.target, (each) => ({ ...each, isPinned: content.on }));
    else if (content.type === "react")
      this.change(content.target, (each) => reacted(each, content.emoji, content.on));
    else if (content.type === "vote")
      this.change(content.target, (each) =>
        each.poll
          ? {
              ...each,
              poll: {
                ...each.poll,
                votes: [
                  ...each.poll.votes.filter((vote) => vote.person !== MARA.id),
                  { person: MARA.id, choices: content.choices },
                ],
              },
            }
          : each,
      );
    this.tell({ kind: "changed", what: "timeline", conversation });
    return { id: hex(`sent ${this.messages.length}`, 32) };
  }

  answers: Partial<Calls> = {
    standing: () => this.standing,
    conversations: () => this.conversations,
    people: () => PEOPLE,
    invitations: () => INVITATIONS,
    accounts: () => ACCOUNTS,
    devices: () => MARA.devices,
    alarms: () => ALARMS,
    passkeys: () => PASSKEYS,
    openChannels: () => ({ channels: OPEN_CHANNELS, isWhole: true }),
    safetyNumber: () => "04821 57310 99482 66105 31877 20954 88213 40067 71529 63308 15846 92071",
    markVerified: (_person, number) => {
      if (!number.replace(/\s/g, "").startsWith("04821")) throw { code: "WrongNumber", words: "" };
    },
    timeline: (conversation, before, limit) => this.stretch(this.of(conversation), before, limit),
    timelineFrom: (conversation, from, limit) => ({
      messages: this.of(conversation)
        .filter((each) => each.n !== null && each.n >= from)
        .slice(0, limit),
      hasMore: true,
      isWaiting: false,
    }),
    numberAt: (conversation, atMs) => this.of(conversation).find((each) => each.atMs >= atMs)?.n ?? null,
    thread: (_conversation, _root, before, limit) => this.stretch(THREAD, before, limit),
    threads: () => [
      {
        root: THREAD[0]?.thread ?? { device: "", id: "" },
        message: this.messages.find((each) => each.answers) ?? null,
        answers: 3,
        lastN: 40,
      },
    ],
    pinned: () => this.messages.filter((each) => each.isPinned),
    message: (_conversation, ref) => this.find(ref),
    search: (query) =>
      this.messages
        .filter((each) => each.text?.toLowerCase().includes(query.toLowerCase()))
        .map((found) => ({ message: found, conversation: found.conversation })),
    send: (conversation, content) => this.send(conversation, content),
    joinBegin: () => JOINING,
    joinClaim: () => ({ backupCodes: BACKUP_CODES }),
    joinFinish: () => OPEN,
    unlock: () => OPEN,
    recover: () => OPEN,
    lock: () => OPEN,
    forget: () => ({ kind: "nobody" }),
    create: () => HARBOUR,
    leave: () => true,
    invite: () => ({
      link: "https://nordlicht.example/join#hWEhUGVyc29uYWxpbnZpdGF0aW9uc2VlZGFuZGRpcmVjdG9yeWhlYWRvZmFzYW1wbGU",
    }),
    resetSecondFactor: () => ({ code: "K7QM-2D9X-VH40", expiresAtMs: NOW_MS + 24 * 3_600_000 }),
    stepUpOptions: () => ({ publicKey: {} }),
  };
}

function reacted(each: Message, emoji: string, on: boolean): Message {
  const others = each.reactions.filter((reaction) => reaction.emoji !== emoji);
  const people = (each.reactions.find((reaction) => reaction.emoji === emoji)?.people ?? []).filter(
    (id) => id !== MARA.id,
  );
  const now = on ? [...people, MARA.id] : people;
  return { ...each, reactions: now.length > 0 ? [...others, { emoji, people: now }] : others };
}
