/** A small organisation that does not exist: an architects' office, for the pages of the design system. */
import type { Device, Hex, Person, Role } from "../client/api";

export const NOW_MS = Date.now();
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function hex(name: string, digits = 64): Hex {
  let sum = 2166136261;
  let out = "";
  for (let at = 0; out.length < digits; at++) {
    for (const letter of `${name} ${at}`) sum = Math.imul(sum ^ letter.charCodeAt(0), 16777619) >>> 0;
    out += sum.toString(16).padStart(8, "0");
  }
  return out.slice(0, digits);
}

export function deviceOf(person: Hex, at = 0): Hex {
  return hex(`device ${at} of ${person}`, 32);
}

function devices(id: Hex, count: number, isMine: boolean): Device[] {
  return Array.from({ length: count }, (_, at) => ({
    id: deviceOf(id, at),
    isActive: at < 2,
    addedAtMs: NOW_MS - (40 - at * 11) * DAY,
    isThis: isMine && at === 0,
  }));
}

function person(
  account: string,
  name: string,
  role: Role,
  more: Partial<Person> & { deviceCount?: number } = {},
): Person {
  const id = hex(account);
  const { deviceCount = 1, ...rest } = more;
  return {
    id,
    account,
    name,
    role,
    isBot: false,
    isSuspended: false,
    level: "link",
    isVerified: false,
    devices: devices(id, deviceCount, account === "mara"),
    invitedBy: hex("anna"),
    presence: null,
    ...rest,
  };
}

export const ANNA = person("anna", "Anna Lindqvist", "owner", {
  level: "owner",
  invitedBy: null,
  presence: "active",
  deviceCount: 2,
});
export const MARA = person("mara", "Mara Feld", "administrator", {
  presence: "active",
  deviceCount: 3,
  isVerified: true,
});
export const BOB = person("bob", "Bob Okafor", "member", {
  presence: "active",
  isVerified: true,
  level: "in_person",
  deviceCount: 2,
});
export const CHIARA = person("chiara", "Chiara Rossi", "member", { presence: "idle", invitedBy: MARA.id });
export const ELIF = person("elif", "Elif Yılmaz", "member", { invitedBy: MARA.id });
export const FARID = person("farid", "فريد حداد", "member", { presence: "active" });
export const GRACE = person("grace", "Grace Kim", "guest", { invitedBy: MARA.id });
export const JONAS = person("jonas", "Jonas Weber", "member", { isSuspended: true });
export const PLANS = person("plans-bot", "Plan room", "member", { isBot: true, invitedBy: BOB.id });

export const PEOPLE: Person[] = [ANNA, MARA, BOB, CHIARA, ELIF, FARID, GRACE, JONAS, PLANS];
/** Names that somebody chose to deceive or to break. */
export const HOSTILE: Person[] = [
  person("mallory", "\u202Eannolla\u202C <img src=x onerror=alert(1)>", "member"),
  person("oskar", "Аnna Lindqvist", "member"),
  person("zero", "Bob\u200B Okafor", "member"),
  person("long", `${"Wolfeschlegelsteinhausenbergerdorff".repeat(3)}`, "member"),
];
