/** What an address in a message really leads to, and what is odd about it. No decision is left to how it looks. */

export interface Address {
  url: string;
  /** As the browser will connect to it, punycode where it has other letters; of mailto: the address. */
  host: string;
  /** "mixed": letters of several scripts in one name. "foreign": a name that is not in Latin letters, shown as punycode. */
  oddity: "mixed" | "foreign" | null;
}

const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/** null: an address that is not followed (javascript:, data:, file:, relative, with a name and password in it, ...). */
export function addressOf(written: string): Address | null {
  let url: URL;
  try {
    url = new URL(written);
  } catch {
    return null;
  }
  if (!ALLOWED.has(url.protocol)) return null;
  if (url.protocol === "mailto:") {
    const to = decoded(url.pathname);
    return hasDirectionControls(to) ? null : { url: url.href, host: to, oddity: null };
  }
  if (url.username || url.password) return null;
  return { url: url.href, host: url.host, oddity: oddityOf(written, url.hostname) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const SCRIPTS = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Armenian",
  "Hebrew",
  "Arabic",
  "Han",
  "Hangul",
  "Cherokee",
].map((name) => new RegExp(`\\p{Script=${name}}`, "u"));

function oddityOf(written: string, host: string): Address["oddity"] {
  if (!host.split(".").some((label) => label.startsWith("xn--"))) return null;
  const shown = /^[a-z]+:\/\/([^/?#]*)/iu.exec(written)?.[1] ?? "";
  const isMixed = shown.split(".").some((label) => SCRIPTS.filter((script) => script.test(label)).length > 1);
  return isMixed ? "mixed" : "foreign";
}

// Embeddings, overrides, isolates, marks: they reorder what stands around them. Zero-width ones hide.
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const HIDDEN = /[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]|[\u{e0000}-\u{e007f}]/u;

export function hasDirectionControls(text: string): boolean {
  return DIRECTION.test(text);
}

export function hasHidden(text: string): boolean {
  return DIRECTION.test(text) || HIDDEN.test(text);
}

export interface Piece {
  text: string;
  /** It stands for a character that would not be seen. */
  isMark: boolean;
}

const UNSEEN =
  /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]|[\u{e0000}-\u{e007f}]/u;

/** The text with each unseen character replaced by its number, as a piece of its own. */
export function piecesOf(text: string): Piece[] {
  if (!UNSEEN.test(text)) return [{ text, isMark: false }];
  const pieces: Piece[] = [];
  let run = "";
  for (const letter of text) {
    if (!UNSEEN.test(letter)) {
      run += letter;
      continue;
    }
    if (run) pieces.push({ text: run, isMark: false });
    run = "";
    pieces.push({
      text: `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`,
      isMark: true,
    });
  }
  if (run) pieces.push({ text: run, isMark: false });
  return pieces;
}

/** Letters of scripts that look alike within one word of a name: "Аnna" with a Cyrillic A. */
export function mixesLookAlikes(name: string): boolean {
  const alike = SCRIPTS.slice(0, 3);
  return name.split(/\s+/).some((word) => alike.filter((script) => script.test(word)).length > 1);
}

/** A name without what is not seen, for the middle of a sentence. */
export function plainName(name: string): string {
  return UNSEEN.test(name) ? [...name].filter((letter) => !UNSEEN.test(letter)).join("") : name;
}

/** The same, kept apart from the sentence: a name from right to left does not turn it around. */
export function isolated(name: string): string {
  return `\u2068${plainName(name)}\u2069`;
}
