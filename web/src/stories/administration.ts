/** What an administrator of the sample organisation sees. */
import type { Account, Alarm, Invitation, OpenChannel, Passkey } from "../client/api";
import { HARBOUR, KITCHEN, NEWS } from "./messages";
import { ANNA, BOB, CHIARA, DAY, HOUR, hex, MARA, NOW_MS, PEOPLE } from "./people";

export const ACCOUNTS: Account[] = PEOPLE.map((person, at) => ({
  user: person.id,
  account: person.account,
  hasSecondFactor: at !== 4,
  lastSeenDay: at === 6 ? null : new Date(NOW_MS - at * DAY).toISOString().slice(0, 10),
  isLocked: false,
}));

export const INVITATIONS: Invitation[] = [
  {
    id: hex("invitation 1", 32),
    account: "sofia",
    role: "member",
    isBot: false,
    by: MARA.id,
    expiresAtMs: NOW_MS + 5 * DAY,
    state: "open",
  },
  {
    id: hex("invitation 2", 32),
    account: "tom",
    role: "guest",
    isBot: false,
    by: ANNA.id,
    expiresAtMs: NOW_MS - DAY,
    state: "expired",
  },
];

export const ALARMS: Alarm[] = [
  {
    kind: "LinkMissing",
    words: "epoch 14",
    atMs: NOW_MS - 2 * HOUR,
    conversation: HARBOUR,
    person: null,
    device: null,
  },
  {
    kind: "IdentityMismatch",
    words: "chain differs",
    atMs: NOW_MS - 2 * DAY,
    conversation: null,
    person: CHIARA.id,
    device: null,
  },
];

export const PASSKEYS: Passkey[] = [
  {
    id: "cGFzc2tleTE",
    name: "Laptop",
    isSynced: true,
    createdAtMs: NOW_MS - 90 * DAY,
    lastUsedDay: new Date(NOW_MS - DAY).toISOString().slice(0, 10),
    alarmAtMs: null,
    opensVault: true,
  },
  {
    id: "cGFzc2tleTI",
    name: "Key on the ring",
    isSynced: false,
    createdAtMs: NOW_MS - 20 * DAY,
    lastUsedDay: null,
    alarmAtMs: NOW_MS - DAY,
    opensVault: false,
  },
];

export const OPEN_CHANNELS: OpenChannel[] = [
  { id: KITCHEN, title: "Kitchen", topic: "Coffee, cake, and the good knife", by: ANNA.id, isJoined: true },
  { id: NEWS, title: "Office news", topic: "", by: ANNA.id, isJoined: true },
  {
    id: hex("materials", 32),
    title: "Materials",
    topic: "Samples, suppliers, mistakes not to make twice",
    by: BOB.id,
    isJoined: false,
  },
  { id: hex("cycling", 32), title: "Cycling to work", topic: "", by: CHIARA.id, isJoined: false },
];
