/** Search over what is shown, in any script: threes of characters through the index, shorter words by reading along. As search.py does it. */
import type { Sql, Value } from "./sql";

const SHORTEST_INDEXED = 3;
const COMBINING = /[\u0300-\u036f]/gu;
/** So many characters of a short word are tried in each case. */
const CASED = 4;

/** Cut a query at its spaces; "a quoted part" stays together. What no script separates by spaces stays together by itself. */
export function wordsOf(query: string): string[] {
  return [...query.matchAll(/"([^"]+)"|([^\s"]+)/gu)].map((found) => found[1] ?? found[2] ?? "");
}

/** Row ids of the messages whose shown text contains every word of the query, newest first. An empty query finds nothing. */
export function search(sql: Sql, query: string, conversation: Uint8Array | null, limit: number): number[] {
  const words = wordsOf(query);
  if (words.length === 0) return [];
  const conditions: string[] = [];
  const values: Value[] = [];
  const indexed = words.filter(isIndexed);
  if (indexed.length > 0) {
    conditions.push("search MATCH ?");
    values.push(indexed.map(phrase).join(" AND "));
  }
  for (const word of words.filter((each) => !isIndexed(each))) {
    const each = spellings(word);
    conditions.push(`(${each.map(() => "instr(search.text, ?) > 0").join(" OR ")})`);
    values.push(...each);
  }
  if (conversation !== null) {
    conditions.push("m.conversation = ?");
    values.push(conversation);
  }
  const found = sql.rows(
    `SELECT m.row_id FROM search CROSS JOIN messages AS m ON m.row_id = search.rowid WHERE ${conditions.join(" AND ")}` +
      " ORDER BY coalesce(m.at_ms, m.time_ms, 0) DESC, m.place DESC LIMIT ?",
    [...values, limit],
  );
  return found.map(([rowId]) => Number(rowId));
}

/** The index takes combining marks off before it counts to three. */
function isIndexed(word: string): boolean {
  const lengths = forms(word).map((form) => [...form.replaceAll(COMBINING, "")].length);
  return Math.min(...lengths) >= SHORTEST_INDEXED;
}

/** A word as written, composed and decomposed: the same to a reader, three strings to a computer. */
function forms(word: string): string[] {
  return [...new Set([word, word.normalize("NFC"), word.normalize("NFD"), word.normalize("NFKC")])];
}

function phrase(word: string): string {
  return `(${forms(word)
    .map((form) => `"${form.replaceAll('"', '""')}"`)
    .join(" OR ")})`;
}

/** Every way a short word may be cased: there are few, and SQLite folds only ASCII by itself. */
function spellings(word: string): string[] {
  const found = new Set<string>();
  for (const form of forms(word)) {
    const chars = [...form];
    let beginnings = [""];
    for (const char of chars.slice(0, CASED)) {
      const cases = [...new Set([char, char.toLowerCase(), char.toUpperCase(), titled(char)])];
      beginnings = beginnings.flatMap((beginning) => cases.map((cased) => beginning + cased));
    }
    for (const beginning of beginnings) found.add(beginning + chars.slice(CASED).join(""));
  }
  return [...found];
}

/** One character as it begins a word: ß is Ss there, and ǆ is ǅ. */
function titled(char: string): string {
  const upper = char.toUpperCase();
  const [first = "", ...rest] = [...upper];
  return rest.length > 0 ? first + rest.join("").toLowerCase() : (TITLE_CASE[upper] ?? upper);
}

/** The four letters of two that have a form of their own at the beginning of a word. */
const TITLE_CASE: Record<string, string> = { Ǆ: "ǅ", Ǉ: "ǈ", Ǌ: "ǋ", Ǳ: "ǲ" };
