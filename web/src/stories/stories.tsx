/** Every page in every state. The types ask for at least one story for each route and each way to stand; the tests go through all of them. */
import type { ReactNode } from "react";
import { App } from "../app/app";
import type { Passkeys } from "../app/here";
import { StoryRouter } from "../app/router";
import { pathOf, type RouteName } from "../app/routes";
import type { Standing } from "../client/api";
import { Join } from "../features/joining/join";
import { StandingFrame } from "./frame";
import { GENERAL, HARBOUR, HOSTILE_TEXTS, longTimeline, NEWS, ODD, OLD, THREAD, TIMELINE } from "./messages";
import { BOB, HOSTILE, PEOPLE } from "./people";
import { BACKUP_CODES, JOINING, OPEN, type Sample, sampleClient } from "./sample";

export interface Story {
  id: string;
  title: string;
  show: () => ReactNode;
}

export const NO_PASSKEYS: Passkeys = {
  make: async () => ({ response: {}, name: "", vaultSecret: null, storeSecret: null }),
  use: async () => ({ response: {}, name: "", vaultSecret: null, storeSecret: null }),
  unlock: async () => new Uint8Array(32),
  isThere: true,
};

function app(path: string, sample: Partial<Sample> = {}, invitation: string | null = null): ReactNode {
  return (
    <StoryRouter start={path}>
      <App tools={{ client: sampleClient(sample), passkeys: NO_PASSKEYS }} invitation={invitation} />
    </StoryRouter>
  );
}

function story(id: string, title: string, path: string, sample: Partial<Sample> = {}): Story {
  return { id, title, show: () => app(path, sample) };
}

const root = THREAD[0]?.thread ?? { device: "", id: "" };
const harbour = pathOf("conversation", { id: HARBOUR });

export const PAGES: Record<RouteName, [Story, ...Story[]]> = {
  home: [
    story("home", "Choose a conversation", "/"),
    story("home-empty", "No conversations", "/", { conversations: [] }),
    story("home-loading", "The list is loading", "/", { silent: ["conversations"] }),
    story("home-refused", "The list cannot be had", "/", {
      refused: { conversations: { code: "Unavailable" } },
    }),
  ],
  conversation: [
    story("conversation", "A conversation", harbour),
    story("conversation-offline", "Offline, with something waiting", harbour, {
      standing: {
        ...(OPEN as Extract<Standing, { kind: "open" }>),
        link: { state: "offline", words: "", waiting: 2 },
      },
      messages: [...TIMELINE, ...ODD.slice(-1)],
    }),
    story("conversation-odd", "Deleted, waiting, unreadable, ending", harbour, {
      messages: [...TIMELINE.slice(0, 6), ...ODD],
    }),
    story("conversation-hostile", "What somebody wrote to deceive or to break", harbour, {
      messages: HOSTILE_TEXTS.map((each, at) => ({
        ...each,
        user: HOSTILE[at % HOSTILE.length]?.id ?? null,
      })),
      answers: { people: () => [...PEOPLE, ...HOSTILE] },
    }),
    story("conversation-long", "Five thousand messages", harbour, { messages: longTimeline(5000) }),
    story("conversation-empty", "Nothing said yet", harbour, { messages: [] }),
    story("conversation-loading", "Loading", harbour, { silent: ["timeline"] }),
    story("conversation-refused", "Refused", harbour, { refused: { timeline: { code: "Unavailable" } } }),
    story("conversation-announcement", "Only its owners write", pathOf("conversation", { id: NEWS })),
    story("conversation-left", "One has left", pathOf("conversation", { id: OLD })),
    story("conversation-gone", "There is none", pathOf("conversation", { id: "00" })),
    story("conversation-general", "Everybody", pathOf("conversation", { id: GENERAL })),
  ],
  moment: [story("moment", "At a moment", pathOf("moment", { id: HARBOUR, n: String(TIMELINE[5]?.n ?? 0) }))],
  thread: [
    story("thread", "A thread", pathOf("thread", { id: HARBOUR, device: root.device, message: root.id })),
  ],
  threads: [
    story("threads", "Threads", pathOf("threads", { id: HARBOUR })),
    story("threads-empty", "No threads", pathOf("threads", { id: HARBOUR }), {
      answers: { threads: () => [] },
    }),
  ],
  pinned: [
    story("pinned", "Pinned", pathOf("pinned", { id: HARBOUR })),
    story("pinned-empty", "Nothing pinned", pathOf("pinned", { id: HARBOUR }), {
      answers: { pinned: () => [] },
    }),
  ],
  details: [
    story("details", "Who can read this", pathOf("details", { id: HARBOUR })),
    story("details-left", "Of one that was left", pathOf("details", { id: OLD })),
    story("details-general", "Of everybody's", pathOf("details", { id: GENERAL })),
  ],
  create: [story("create", "New conversation", "/new")],
  channels: [
    story("channels", "Open channels", "/channels"),
    story("channels-empty", "No open channels", "/channels", {
      answers: { openChannels: () => ({ channels: [], isWhole: false }) },
    }),
  ],
  search: [story("search", "Search", "/search")],
  people: [story("people", "People", "/people")],
  person: [
    story("person", "A person", pathOf("person", { id: BOB.id })),
    story("person-unverified", "Somebody by link", pathOf("person", { id: PEOPLE[3]?.id ?? "" })),
    story("person-stopped", "Somebody stopped", pathOf("person", { id: PEOPLE[7]?.id ?? "" })),
    story("person-gone", "Nobody", pathOf("person", { id: "00" })),
  ],
  verify: [story("verify", "Compare numbers", pathOf("verify", { id: PEOPLE[3]?.id ?? "" }))],
  devices: [story("devices", "Devices", "/devices")],
  alarms: [
    story("alarms", "Warnings", "/warnings"),
    story("alarms-empty", "No warnings", "/warnings", { answers: { alarms: () => [] } }),
  ],
  server: [story("server", "What the server sees", "/server")],
  settings: [story("settings", "Settings", "/settings")],
};

function stands(id: string, title: string, standing: Standing, more: Partial<Sample> = {}): Story {
  return { id, title, show: () => app("/", { standing, ...more }) };
}

const account = "mara";

function joining(id: string, title: string, start: Parameters<typeof Join>[0]["start"]): Story {
  const nothing = () => {};
  return {
    id,
    title,
    show: () => (
      <StandingFrame>
        <Join
          link="https://nordlicht.example/join#sample"
          onBegin={nothing}
          onLeave={nothing}
          onDone={nothing}
          {...(start ? { start } : {})}
        />
      </StandingFrame>
    ),
  };
}

export const STANDINGS: Record<Standing["kind"], [Story, ...Story[]]> = {
  opening: [stands("opening", "Opening", { kind: "opening" }, { silent: ["standing"] })],
  nobody: [stands("nobody", "Nobody is here", { kind: "nobody" })],
  joining: [
    stands("joining", "Go on joining", {
      kind: "joining",
      account,
      link: "https://nordlicht.example/join#sample",
    }),
    joining("joining-secret", "Passkey or password", { stage: "secret", joining: JOINING }),
    joining("joining-keep", "How this browser keeps its key", {
      stage: "keep",
      joining: JOINING,
      proof: { password: "x" },
    }),
    joining("joining-recovery", "The recovery key", {
      stage: "recovery",
      joining: JOINING,
      proof: { password: "x" },
    }),
    joining("joining-finishing", "Setting up", { stage: "finishing", joining: JOINING }),
    joining("joining-backup", "Backup codes", {
      stage: "backup",
      joining: JOINING,
      backupCodes: BACKUP_CODES,
    }),
  ],
  locked: [
    stands("locked", "Locked by passphrase", {
      kind: "locked",
      custody: "passphrase",
      account,
      credentials: [],
    }),
    stands("locked-passkey", "Locked by passkey", {
      kind: "locked",
      custody: "passkey",
      account,
      credentials: ["AAAA"],
    }),
  ],
  open: [story("open", "Open", "/")],
  ended: [
    stands("ended", "Signed out", {
      kind: "ended",
      code: "revoked",
      words: "Mara signed this browser out from another device.",
    }),
  ],
  damaged: [stands("damaged", "Damaged", { kind: "damaged", words: "database disk image is malformed" })],
  unable: [
    stands("unable", "Unable", { kind: "unable", words: "navigator.storage.getDirectory is missing" }),
  ],
};

export const ALL: Story[] = [...Object.values(PAGES).flat(), ...Object.values(STANDINGS).flat()];
