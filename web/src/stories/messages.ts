/** What was said in the sample organisation. */
import type { Hex, Message, Person, Ref } from "../client/api";
import {
  ANNA,
  BOB,
  CHIARA,
  DAY,
  deviceOf,
  ELIF,
  FARID,
  GRACE,
  HOUR,
  hex,
  MARA,
  MINUTE,
  NOW_MS,
  PLANS,
} from "./people";

let next = 0;

export function message(
  conversation: Hex,
  by: Person,
  agoMs: number,
  text: string,
  more: Partial<Message> = {},
): Message {
  next += 1;
  const device = deviceOf(by.id);
  const id = hex(`message ${next}`, 32);
  return {
    key: `${device}:${id}`,
    conversation,
    n: next,
    device,
    id,
    user: by.id,
    atMs: NOW_MS - agoMs,
    type: "text",
    text,
    isEdited: false,
    isDeleted: false,
    isPinned: false,
    mentions: [],
    mentionsMe: false,
    reactions: [],
    replyTo: null,
    thread: null,
    answers: null,
    poll: null,
    people: [],
    by: null,
    reason: null,
    expiresAtMs: null,
    ...more,
  };
}

export function refTo(target: Message): Ref {
  return { device: target.device ?? "", id: target.id ?? "" };
}

function quote(target: Message) {
  return { replyTo: { ...refTo(target), user: target.user, text: target.text } };
}

export const HARBOUR = hex("harbour", 32);
export const GENERAL = hex("general", 32);
export const NEWS = hex("news", 32);
export const WITH_BOB = hex("bob direct", 32);
export const WITH_FARID = hex("farid direct", 32);
export const TRIP = hex("trip", 32);
export const KITCHEN = hex("kitchen", 32);
export const OLD = hex("old project", 32);

const asked = message(
  HARBOUR,
  CHIARA,
  DAY + 3 * HOUR,
  "Does the **north façade** still have the larch battens, or did we drop them after the fire review?",
);
const root = message(
  HARBOUR,
  BOB,
  DAY + 2 * HOUR,
  "Minutes of Tuesday's site visit are done. Three things are open:\n\n1. drainage at the quay wall\n2. the crane permit\n3. who talks to the neighbours",
  {
    answers: { count: 3, lastN: 40, lastAtMs: NOW_MS - 50 * MINUTE },
    reactions: [
      { emoji: "👍", people: [MARA.id, ANNA.id] },
      { emoji: "🏗️", people: [FARID.id] },
    ],
    isPinned: true,
  },
);

export const TIMELINE: Message[] = [
  message(HARBOUR, ANNA, 9 * DAY, "", {
    type: "joined",
    people: [MARA.id, BOB.id, CHIARA.id],
    by: ANNA.id,
    text: null,
  }),
  message(HARBOUR, ANNA, 9 * DAY - MINUTE, "Harbour hall", { type: "title" }),
  message(
    HARBOUR,
    ANNA,
    9 * DAY - 2 * MINUTE,
    "Competition, stage two. Everything about the hall goes here.",
  ),
  message(HARBOUR, FARID, 2 * DAY + HOUR, "صباح الخير! أرسلت المخططات الجديدة إلى الأرشيف."),
  message(HARBOUR, MARA, 2 * DAY + 58 * MINUTE, "Thank you! I'll look at them on the train."),
  asked,
  message(
    HARBOUR,
    BOB,
    DAY + 3 * HOUR - 4 * MINUTE,
    "Still there. Fire class is fine with the treated ones, see `spec-12.3`.",
    quote(asked),
  ),
  message(HARBOUR, BOB, DAY + 3 * HOUR - 5 * MINUTE, "And the supplier confirmed the price until March.", {
    isEdited: true,
  }),
  root,
  message(
    HARBOUR,
    PLANS,
    DAY + HOUR,
    "New drawing **A-204 Section C** (revision 7)\n\n| sheet | by | state |\n| --- | --- | --- |\n| A-204 | Chiara | for review |\n| A-205 | Elif | draft |",
  ),
  message(HARBOUR, ANNA, 5 * HOUR, "", {
    type: "poll",
    text: "When do we meet the harbour authority?",
    poll: {
      question: "When do we meet the harbour authority?",
      options: ["Tuesday 10:00", "Wednesday 14:00", "Thursday 9:00"],
      isMultiple: false,
      isClosed: false,
      votes: [
        { person: BOB.id, choices: [1] },
        { person: CHIARA.id, choices: [1] },
        { person: MARA.id, choices: [1] },
        { person: ELIF.id, choices: [0] },
      ],
    },
  }),
  message(HARBOUR, GRACE, 3 * HOUR, "I can bring the model on any of these days. It travels in two boxes.", {
    reactions: [{ emoji: "❤️", people: [ANNA.id, CHIARA.id, BOB.id] }],
  }),
  message(
    HARBOUR,
    MARA,
    2 * HOUR,
    "I have told the engineers. Their drainage note is at https://engineers.example/notes/quay-wall and the [old one](https://archive.example/1998/quay) for comparison.",
  ),
  message(
    HARBOUR,
    MARA,
    2 * HOUR - MINUTE,
    "> drainage at the quay wall\n\nis *theirs*, the permit is ours.",
  ),
  message(
    HARBOUR,
    BOB,
    34 * MINUTE,
    "@Mara Feld could you read the permit letter before it goes out? It must leave today.",
    { mentions: [MARA.id], mentionsMe: true },
  ),
  message(
    HARBOUR,
    CHIARA,
    12 * MINUTE,
    "I've put the north façade on the wall in the small room. Come and look when you have a minute.",
  ),
  message(HARBOUR, CHIARA, 11 * MINUTE, "```\nA-204  1:50   revision 7\nA-205  1:50   draft\n```"),
];

export const THREAD: Message[] = [
  message(HARBOUR, ANNA, 90 * MINUTE, "I'll talk to the neighbours, I know Mrs Brandt from the last one.", {
    thread: refTo(root),
  }),
  message(HARBOUR, ELIF, 70 * MINUTE, "The crane permit needs the street closed for two mornings.", {
    thread: refTo(root),
  }),
  message(HARBOUR, MARA, 50 * MINUTE, "I have asked the city. Answer by Friday.", { thread: refTo(root) }),
];

export const HOSTILE_TEXTS: Message[] = [
  "<script>alert(1)</script> <img src=x onerror=alert(2)> <b>bold?</b>",
  "[click me](javascript:alert(3)) and [data](data:text/html,<script>alert(4)</script>) and [vb](vbscript:x)",
  "[https://bank.example/login](https://evil.example/login) is not what it says",
  "https://аpple.example/ has a Cyrillic letter, [bücher](https://bücher.example/) is only foreign",
  "[with a name](https://bank.example@evil.example/) in front",
  "left \u202Egnp.exe\u202C right, and a zero\u200Bwidth",
  "![a picture](https://tracker.example/pixel.png)",
  `${"> ".repeat(300)}deep`,
  `${"[".repeat(500)}open`,
  "[ref]: javascript:alert(5)\n\n[ref] and <javascript:alert(6)> and <https://fine.example/>",
  `Z̸̡͙̹͐͐a̷͎͒l̶̙̈́g̵̖̈o̴̙͗ ${"W".repeat(400)}`,
].map((text, at) => message(HARBOUR, CHIARA, (20 - at) * MINUTE, text));

export const ODD: Message[] = [
  message(HARBOUR, BOB, 30 * MINUTE, "", { isDeleted: true, text: null }),
  message(HARBOUR, CHIARA, 28 * MINUTE, "", { type: "unreadable", reason: "Waiting", text: null }),
  message(HARBOUR, CHIARA, 27 * MINUTE, "", { type: "unreadable", reason: "BadSignature", text: null }),
  message(HARBOUR, ELIF, 26 * MINUTE, "", { type: "expired", text: null }),
  message(HARBOUR, ELIF, 25 * MINUTE, "", { type: "unknown", text: null }),
  message(HARBOUR, ELIF, 24 * MINUTE, "The door code is 4711 until tonight.", {
    expiresAtMs: NOW_MS + 5 * HOUR,
  }),
  message(HARBOUR, MARA, 20 * MINUTE, "This was sent, and nobody has read it."),
  message(HARBOUR, MARA, MINUTE, "This one was written on the train.", { n: null }),
];

export function longTimeline(count: number): Message[] {
  const who = [ANNA, BOB, CHIARA, MARA, ELIF];
  return Array.from({ length: count }, (_, at) => {
    const by = who[Math.floor(at / 3) % who.length] ?? ANNA;
    return message(
      HARBOUR,
      by,
      (count - at) * 17 * MINUTE,
      `Note ${at + 1}: ${"the section at the stairs needs another look. ".repeat(1 + ((at * 7) % 5))}`,
    );
  });
}
