/** Names of people within a text that is being written. */
import type { Hex, Person } from "../../client/api";

export interface Completing {
  query: string;
  /** From the @ to the caret. */
  from: number;
  to: number;
}

const LONGEST_QUERY = 32;

/** What is being mentioned at the caret; null: nothing. */
export function completing(text: string, caret: number): Completing | null {
  const before = text.slice(Math.max(0, caret - LONGEST_QUERY), caret);
  const found = /(?:^|[\s(])@([\p{L}\p{N}._-]*)$/u.exec(before);
  if (!found) return null;
  const query = found[1] ?? "";
  return { query, from: caret - query.length - 1, to: caret };
}

/** Everybody whose "@Name" stands in a text; of names that begin alike the longest counts. */
export function mentionsIn(text: string, people: readonly Person[]): Hex[] {
  const named = people
    .filter((each) => each.name && text.includes(`@${each.name}`))
    .sort((one, other) => other.name.length - one.name.length);
  const mentions: Hex[] = [];
  let left = text;
  for (const person of named) {
    const sign = `@${person.name}`;
    if (!left.includes(sign)) continue;
    left = left.split(sign).join(" ");
    mentions.push(person.id);
  }
  return mentions;
}
