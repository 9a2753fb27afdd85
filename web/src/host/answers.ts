/** Every call that needs an open account, by its name. Writes that are not done twice are named in ONCE. */
import type { CallName } from "../client/api";
import type { Account, Answers } from "./account";
import { fromHex } from "./bytes";

/** What is remembered as done with its rows: sent again to a new leader, it is answered as it was. The rest may be done again. */
export const ONCE: ReadonlySet<CallName> = new Set<CallName>(["send", "create"]);

/** A command about one conversation that answers nothing. */
async function at(account: Account, name: string, conversation: string, more: object): Promise<void> {
  await account.acts.do(name, { conversation: fromHex(conversation), ...more });
}

export const answers: Answers = {
  people: (account) => account.people.all(),
  invitations: (account) => account.people.invitations(),
  devices: (account) => account.people.devices(),
  alarms: (account) => account.people.alarms(),
  safetyNumber: (account, _, person) => account.people.safetyNumber(person),
  markVerified: async (account, _, person, number) => {
    await account.acts.do("mark_verified", { user: fromHex(person), number });
  },
  accounts: async ({ host }) =>
    (await host.rest.people(await host.session())).map((each) => ({
      user: each.user,
      account: each.account,
      hasSecondFactor: Boolean(each.second_factor),
      lastSeenDay: each.last_seen_day ?? null,
      isLocked: Boolean(each.locked),
    })),
  passkeys: (account) => account.factors.all(),

  conversations: (account) => account.conversations.all(),
  openChannels: (account) => account.conversations.open(),
  timeline: (account, _, conversation, before, limit) => account.timeline.newest(conversation, before, limit),
  timelineFrom: (account, _, conversation, from, limit) => account.timeline.from(conversation, from, limit),
  numberAt: (account, _, conversation, atMs) => account.timeline.numberAt(conversation, atMs),
  thread: (account, _, conversation, root, before, limit) =>
    account.timeline.thread(conversation, root, before, limit),
  threads: (account, _, conversation) => account.timeline.threads(conversation),
  pinned: (account, _, conversation) => account.timeline.pinned(conversation),
  message: (account, _, conversation, ref) => account.timeline.message(conversation, ref),
  search: (account, _, query, conversation, limit) => account.timeline.search(query, conversation, limit),

  send: (account, call, conversation, content) => account.acts.send(conversation, content, call),
  create: (account, call, kind, title, people, more) => account.acts.create(kind, title, people, more, call),
  add: (account, _, conversation, people) => at(account, "add", conversation, { users: people.map(fromHex) }),
  remove: (account, _, conversation, people) =>
    at(account, "remove", conversation, { users: people.map(fromHex) }),
  leave: (account, _, conversation) => account.acts.leave(conversation),
  joinChannel: (account, _, conversation) => at(account, "join_channel", conversation, {}),
  setSettings: (account, _, conversation, settings) => at(account, "set_settings", conversation, settings),
  setConversationRole: (account, _, conversation, person, role) =>
    at(account, "set_conversation_role", conversation, { user: fromHex(person), role }),
  read: (account, _, conversation, n) => at(account, "read", conversation, { n }),
  signal: (account, _, conversation, typing) => at(account, "signal", conversation, { typing }),
  presence: async (account, _, active) => {
    await account.acts.do("presence", { active });
  },
  setDraft: (account, _, conversation, text) => at(account, "set_draft", conversation, { text }),
  mute: (account, _, conversation, on) => at(account, "mute", conversation, { on }),
  pinConversation: (account, _, conversation, on) => at(account, "pin_conversation", conversation, { on }),
  rename: async (account, _, name) => {
    await account.acts.do("rename", { name });
  },
  revoke: async (account, _, device) => {
    await account.acts.do("revoke", { device: fromHex(device) });
  },

  invite: async (account, _, name, role, isBot, shown, expiresAtMs) => ({
    link: await account.acts.invite(name, role, isBot, shown, expiresAtMs),
  }),
  withdraw: async (account, _, invitation) => {
    await account.acts.do("withdraw", { invitation: fromHex(invitation) });
  },
  suspend: async (account, _, person, suspended) => {
    await account.acts.do("suspend", { user: fromHex(person), suspended });
  },
  setRole: async (account, _, person, role) => {
    await account.acts.do("set_role", { user: fromHex(person), role });
  },
  resetSecondFactor: async ({ host }, _, person) =>
    host.rest.resetSecondFactor(await host.session(), fromHex(person)),

  stepUpOptions: (account, _, act) => account.factors.stepUpOptions(act),
  stepUp: (account, _, act, factor) => account.factors.stepUp(act, factor),
  passkeyOptions: (account) => account.factors.options(),
  addPasskey: (account, _, made) => account.factors.add(made),
  removePasskey: (account, _, id) => account.factors.remove(id),
};
