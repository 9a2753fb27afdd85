/** The sample organisation's conversations. */
import type { Conversation } from "../client/api";
import { GENERAL, HARBOUR, KITCHEN, NEWS, OLD, TIMELINE, TRIP, WITH_BOB, WITH_FARID } from "./messages";
import {
  ANNA,
  BOB,
  CHIARA,
  DAY,
  ELIF,
  FARID,
  GRACE,
  HOUR,
  MARA,
  MINUTE,
  NOW_MS,
  PEOPLE,
  PLANS,
} from "./people";

const lastN = Math.max(...TIMELINE.map((each) => each.n ?? 0));

function conversation(id: string, title: string, more: Partial<Conversation>): Conversation {
  return {
    id,
    kind: "group",
    title,
    topic: "",
    state: "member",
    people: [MARA.id, BOB.id, CHIARA.id],
    deviceCount: 6,
    epoch: 12,
    lastN,
    lastAtMs: NOW_MS - HOUR,
    last: null,
    readN: lastN,
    unreadAfter: lastN,
    unread: 0,
    mentions: 0,
    unreadIsLeast: false,
    isPinned: false,
    isMuted: false,
    draft: "",
    typing: [],
    readBy: {},
    role: "member",
    roles: {},
    isOpen: false,
    isAnnouncement: false,
    mayPost: true,
    isModerated: false,
    takesGuests: false,
    ...more,
  };
}

const everybody = PEOPLE.filter((each) => each.role !== "guest").map((each) => each.id);

export const CONVERSATIONS: Conversation[] = [
  conversation(HARBOUR, "Harbour hall", {
    kind: "channel",
    topic: "Competition, stage two",
    people: [ANNA, MARA, BOB, CHIARA, ELIF, FARID, GRACE, PLANS].map((each) => each.id),
    deviceCount: 12,
    lastAtMs: NOW_MS - 11 * MINUTE,
    last: { user: CHIARA.id, text: "I've put the north façade on the wall in the small room.", type: "text" },
    unread: 3,
    mentions: 1,
    unreadAfter: TIMELINE.at(-4)?.n ?? 0,
    readN: TIMELINE.at(-4)?.n ?? 0,
    isPinned: true,
    typing: [BOB.id],
    readBy: { [BOB.id]: TIMELINE.at(-3)?.n ?? 0, [CHIARA.id]: lastN, [ANNA.id]: TIMELINE.at(-6)?.n ?? 0 },
    role: "moderator",
    roles: { [ANNA.id]: "owner", [MARA.id]: "moderator", [GRACE.id]: "guest" },
    takesGuests: true,
  }),
  conversation(GENERAL, "general", {
    kind: "general",
    people: everybody,
    lastAtMs: NOW_MS - 3 * HOUR,
    last: { user: ANNA.id, text: "Cake in the kitchen. First come, first served.", type: "text" },
    unread: 12,
    unreadIsLeast: true,
  }),
  conversation(NEWS, "Office news", {
    kind: "channel",
    isOpen: true,
    isAnnouncement: true,
    mayPost: false,
    people: everybody,
    lastAtMs: NOW_MS - DAY,
    last: { user: ANNA.id, text: "We are closed from 23 December.", type: "text" },
  }),
  conversation(KITCHEN, "Kitchen", {
    kind: "channel",
    isOpen: true,
    people: everybody,
    isMuted: true,
    unread: 120,
    lastAtMs: NOW_MS - 20 * MINUTE,
    last: { user: ELIF.id, text: "Who took the good knife?", type: "text" },
  }),
  conversation(WITH_BOB, "Bob Okafor", {
    kind: "direct",
    people: [MARA.id, BOB.id],
    lastAtMs: NOW_MS - 25 * MINUTE,
    last: { user: BOB.id, text: "See you at two.", type: "text" },
    readBy: { [BOB.id]: lastN },
  }),
  conversation(WITH_FARID, "فريد حداد", {
    kind: "direct",
    people: [MARA.id, FARID.id],
    lastAtMs: NOW_MS - 5 * HOUR,
    last: { user: FARID.id, text: "شكرا جزيلا، إلى اللقاء غدا", type: "text" },
    unread: 1,
  }),
  conversation(TRIP, "Chiara Rossi, Elif Yılmaz", {
    people: [MARA.id, CHIARA.id, ELIF.id],
    lastAtMs: NOW_MS - 2 * DAY,
    last: { user: CHIARA.id, text: "Hotel is booked.", type: "text" },
    draft: "Which train do we take",
  }),
  conversation(OLD, "School extension", { kind: "channel", state: "removed", lastAtMs: NOW_MS - 60 * DAY }),
];
