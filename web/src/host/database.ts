/** The encrypted database: writes one step's rows in one durable transaction, reads messages back. As database.py does it. */
import { Refusal } from "../client/refusal";
import { type Bytes, type Fields, fromHex, hex, joined, pack, u64, unpack } from "./bytes";
import { bringUpToDate } from "./schema";
import { search } from "./search";
import type { Row, Sql, Value } from "./sql";

/** [table, key, value]; a null value deletes. */
export type Change = [table: string, key: Uint8Array, value: Uint8Array | null];

const WAITING_PLACE = 2n ** 63n - 1n;
/** In the key of what waits, where the number will be. */
const WAITING = new Uint8Array(8).fill(0xff);
const KEY_OF_WAITING_BYTES = 40;
const NUMBER_AT = 16;
/** What somebody who was away has yet to read; changes and what only the conversation says of itself are not it. */
const UNREAD_TYPES = "'text', 'poll', 'unknown', 'unreadable'";
const APPLIED = "applied/";
/** How many calls are remembered as done: more than can be under way when a tab dies. */
const MOST_APPLIED = 1000;

const SHOWN =
  "row_id, key, conversation, n, id, device, user, time_ms, at_ms, type, text, is_edited, is_deleted, reactions, reply_device, " +
  "reply_id, thread_device, thread_id, is_pinned, votes, is_closed, mentions_me, raw";

/** One row of the view shown_messages: a message with its edits, deletion and reactions resolved. */
export interface ShownRow {
  rowId: number;
  key: Bytes;
  conversation: Bytes;
  n: number | null;
  id: Bytes | null;
  device: Bytes | null;
  user: Bytes | null;
  timeMs: number | null;
  atMs: number | null;
  type: string;
  text: string | null;
  isEdited: boolean;
  isDeleted: boolean;
  reactions: { emoji: string; user: string }[];
  replyTo: [Bytes, Bytes] | null;
  thread: [Bytes, Bytes] | null;
  isPinned: boolean;
  votes: { user: string; choices: number[] }[];
  isClosed: boolean;
  mentionsMe: boolean;
  /** The engine's map of the message as first written; empty when deleted. */
  raw: Fields;
}

export class Database {
  readonly #sql: Sql;
  #applied = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
    bringUpToDate(sql);
    this.#pruneApplied();
  }

  close(): void {
    this.#sql.close();
  }

  /** The engine's rows. */
  state(): [Uint8Array, Uint8Array][] {
    return this.#sql.rows("SELECT key, value FROM state") as [Uint8Array, Uint8Array][];
  }

  /**
   * Carry out rows, and remember calls as done with what they answered, all or none, durable on return.
   * Refused: StoreDamaged.
   */
  write(rows: Change[], applied: [call: string, answer: unknown][] = []): void {
    const changes = rows.map(([table, key, value]) => ({
      table,
      key,
      value,
      columns: columns(table, key, value),
    }));
    const gone = new Set(
      changes.filter((each) => each.table === "messages" && !each.value).map((each) => hex(each.key)),
    );
    const numbered = new Set(changes.map((each) => waitedKey(each.columns)).filter((key) => gone.has(key)));
    this.#sql.transaction(() => {
      for (const { table, key, value, columns } of changes) {
        if (table === "state") this.#writeState(key, value);
        else if (table === "messages") this.#writeMessage(key, columns, numbered);
        else
          throw new Refusal(
            "StoreDamaged",
            `The engine wrote to a table this version does not have: ${table}`,
          );
      }
      for (const [call, answer] of applied) this.#put(APPLIED + call, pack([Date.now(), answer]));
    });
    this.#applied += applied.length;
    if (this.#applied > MOST_APPLIED) this.#pruneApplied();
  }

  #writeState(key: Uint8Array, value: Uint8Array | null): void {
    if (value === null) this.#sql.run("DELETE FROM state WHERE key = ?", [key]);
    else this.#sql.run("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", [key, value]);
  }

  /** numbered: the keys of what waited and gets its number in the same step. */
  #writeMessage(key: Uint8Array, columns: Columns | null, numbered: Set<string>): void {
    if (columns === null) {
      if (!numbered.has(hex(key))) this.#deleteMessage(key);
      return;
    }
    const waited = waitedKey(columns);
    if (numbered.has(waited)) {
      if (this.#number(fromHex(waited), columns)) return;
      this.#deleteMessage(fromHex(waited));
    }
    this.#deleteMessage(key);
    const names = Object.keys(columns);
    this.#sql.run(
      `INSERT INTO messages (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
      Object.values(columns),
    );
  }

  #deleteMessage(key: Uint8Array): void {
    this.#sql.run("DELETE FROM messages WHERE key = ?", [key]);
  }

  /**
   * Give what waited its number where it stands: to take its words out of the search and in again costs ten times as much.
   * False when it is not here, says something else now, or stands here twice.
   */
  #number(waited: Uint8Array, columns: Columns): boolean {
    const copies = this.#sql.value(
      "SELECT count(*) FROM messages WHERE conversation = ? AND device = ? AND id = ?",
      [columns.conversation, columns.device, columns.id],
    );
    if (Number(copies) !== 1) return false;
    const sets = Object.keys(columns).map((name) => `${name} = ?`);
    this.#sql.run(`UPDATE messages SET ${sets.join(", ")} WHERE key = ? AND type = ? AND text IS ?`, [
      ...Object.values(columns),
      waited,
      columns.type,
      columns.text,
    ]);
    return this.#sql.changes === 1;
  }

  // What the host itself remembers

  setting(name: string): Bytes | null {
    return (
      (this.#sql.value("SELECT value FROM settings WHERE name = ?", [name]) as Bytes | undefined) ?? null
    );
  }

  /** null forgets it. */
  set(name: string, value: Uint8Array | null): void {
    if (value === null) this.#sql.run("DELETE FROM settings WHERE name = ?", [name]);
    else this.#put(name, value);
  }

  #put(name: string, value: Uint8Array): void {
    this.#sql.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", [name, value]);
  }

  /** What a call answered when it was done before; undefined when it was not. */
  applied(call: string): unknown {
    const kept = this.setting(APPLIED + call);
    return kept === null ? undefined : unpack(kept)[1];
  }

  #pruneApplied(): void {
    this.#applied = 0;
    const all = this.#sql.rows("SELECT name, value FROM settings WHERE name GLOB 'applied/*'");
    const byAge = all.map(([name, value]) => [name, unpack(value as Bytes)[0]] as [string, number]);
    byAge.sort((one, other) => other[1] - one[1]);
    for (const [name] of byAge.slice(MOST_APPLIED / 2)) this.set(name, null);
  }

  // What there is to read

  /** The newest `limit` messages before number `before` (null: the newest, what waits included), oldest first. */
  shown(conversation: Uint8Array, before: number | null, limit: number): ShownRow[] {
    const rows = this.#shown(
      "WHERE conversation = ? AND place < ? ORDER BY place DESC, row_id DESC LIMIT ?",
      [conversation, before ?? WAITING_PLACE, limit],
    ).reverse();
    return before === null ? [...rows, ...this.#waiting(conversation)] : rows;
  }

  #waiting(conversation: Uint8Array): ShownRow[] {
    return this.#shown("WHERE conversation = ? AND place = ? ORDER BY row_id", [conversation, WAITING_PLACE]);
  }

  /** Messages from number `from` on, oldest first. */
  shownFrom(conversation: Uint8Array, from: number, limit: number): ShownRow[] {
    return this.#shown("WHERE conversation = ? AND place >= ? ORDER BY place, row_id LIMIT ?", [
      conversation,
      from,
      limit,
    ]);
  }

  /** The message (device, id) as shown, or undefined if it is not here. */
  shownOne(conversation: Uint8Array, device: Uint8Array, id: Uint8Array): ShownRow | undefined {
    return this.#shown("WHERE conversation = ? AND device = ? AND id = ?", [conversation, device, id])[0];
  }

  /** The message at number n as shown; undefined if it is not here, or is an edit, a deletion or a reaction. */
  shownAt(conversation: Uint8Array, n: number): ShownRow | undefined {
    return this.#shown("WHERE key = ?", [joined(conversation, u64(n))])[0];
  }

  shownByRow(rowId: number): ShownRow | undefined {
    return this.#shown("WHERE row_id = ?", [rowId])[0];
  }

  /** The newest that is shown, what waits included. */
  newest(conversation: Uint8Array): ShownRow | undefined {
    return this.#shown("WHERE conversation = ? ORDER BY place DESC, row_id DESC LIMIT 1", [conversation])[0];
  }

  isAnythingBefore(conversation: Uint8Array, n: number): boolean {
    return (
      this.#shown("WHERE conversation = ? AND place < ? ORDER BY place DESC LIMIT 1", [conversation, n])
        .length > 0
    );
  }

  /** What is pinned, as far as it is here, oldest first. */
  pinned(conversation: Uint8Array): ShownRow[] {
    return this.#shown(
      "AS m WHERE conversation = ? AND is_pinned AND NOT is_deleted AND EXISTS (SELECT 1 FROM messages AS p" +
        " WHERE p.conversation = m.conversation AND p.target_device = m.device AND p.target_id = m.id AND p.type = 'pin')" +
        " ORDER BY place",
      [conversation],
    );
  }

  /** The threads, as far as they are here, the one with the newest answer first. */
  threads(conversation: Uint8Array): { device: Bytes; id: Bytes; answers: number; lastN: number | null }[] {
    const rows = this.#sql.rows(
      "SELECT device, id, replies, last_n FROM threads WHERE conversation = ? ORDER BY last_place DESC",
      [conversation],
    );
    return rows.map(([device, id, answers, lastN]) => ({
      device: device as Bytes,
      id: id as Bytes,
      answers: Number(answers),
      lastN: lastN as number | null,
    }));
  }

  /** The newest `limit` answers in a thread before number `before` (null: what waits included), oldest first. */
  thread(
    conversation: Uint8Array,
    root: [Uint8Array, Uint8Array],
    before: number | null,
    limit: number,
  ): ShownRow[] {
    return this.#shown(
      "WHERE conversation = ? AND thread_device = ? AND thread_id = ? AND place <= ? ORDER BY place DESC, row_id DESC LIMIT ?",
      [conversation, ...root, before === null ? WAITING_PLACE : before - 1, limit],
    ).reverse();
  }

  /** How much is in the thread that hangs on a message; null: nothing. */
  answers(
    conversation: Uint8Array,
    root: [Uint8Array, Uint8Array],
  ): { count: number; lastN: number | null; lastAtMs: number | null } | null {
    const [count, lastN, lastAtMs] = this.#sql.row(
      "SELECT count(*), max(n), max(at_ms) FROM shown_messages" +
        " WHERE conversation = ? AND thread_device = ? AND thread_id = ? AND NOT is_deleted AND type <> 'expired'",
      [conversation, ...root],
    ) as [number, number | null, number | null];
    return count > 0 ? { count, lastN, lastAtMs } : null;
  }

  /** Of what stands after number `after` and is not by user: how many messages, and how many that mention user. */
  unread(conversation: Uint8Array, after: number, user: Uint8Array): [unread: number, mentions: number] {
    const [unread, mentions] = this.#sql.row(
      "SELECT count(*), coalesce(sum(mentions_me), 0) FROM shown_messages WHERE conversation = ? AND place > ?" +
        ` AND n IS NOT NULL AND type IN (${UNREAD_TYPES}) AND user IS NOT ? AND NOT is_deleted`,
      [conversation, after, user],
    ) as [number, number];
    return [Number(unread), Number(mentions)];
  }

  /** The number of the first message at or after a time of the server's; null: none here. */
  numberAt(conversation: Uint8Array, atMs: number): number | null {
    const n = this.#sql.value(
      "SELECT n FROM messages WHERE conversation = ? AND n IS NOT NULL AND at_ms >= ? ORDER BY place LIMIT 1",
      [conversation, atMs],
    );
    return n === undefined ? null : Number(n);
  }

  /** Shown messages whose text has every word of the query, newest first; a "quoted part" counts as one word. */
  search(query: string, conversation: Uint8Array | null, limit: number): ShownRow[] {
    const found = search(this.#sql, query, conversation, limit).map((rowId) => this.shownByRow(rowId));
    return found.filter((row) => row !== undefined);
  }

  #shown(rest: string, values: readonly Value[]): ShownRow[] {
    return this.#sql.rows(`SELECT ${SHOWN} FROM shown_messages ${rest}`, values).map(shownRow);
  }
}

/** The id of the message that a step put into the outbox; null when it put none there. */
export function waitingId(rows: Change[]): string | null {
  for (const [table, key, value] of rows) {
    const isWaiting =
      key.length === KEY_OF_WAITING_BYTES && key.subarray(NUMBER_AT, 24).every((byte) => byte === 0xff);
    if (table === "messages" && value !== null && isWaiting) return hex(key.subarray(24));
  }
  return null;
}

/** The key (hex) that a numbered message had while it waited; "" for what never waits. */
function waitedKey(columns: Columns | null): string {
  if (columns === null || columns.n === null || columns.id === null) return "";
  return hex(joined(columns.conversation, WAITING, columns.id));
}

type Columns = Record<string, Value> & { conversation: Uint8Array; id: Uint8Array | null; n: number | null };

/** The columns of `messages` for the engine's map of a message; null where nothing is put. */
function columns(table: string, key: Uint8Array, value: Uint8Array | null): Columns | null {
  if (table !== "messages" || value === null) return null;
  const row: Fields = unpack(value);
  const [replyDevice, replyId] = row.reply_to ?? [null, null];
  const [targetDevice, targetId] = row.target ?? [null, null];
  const [threadDevice, threadId] = row.thread ?? [null, null];
  const n: number | null = row.n ?? null;
  return {
    key,
    conversation: row.conversation,
    place: n ?? WAITING_PLACE,
    n,
    id: row.id ?? null,
    device: row.device,
    user: row.user,
    time_ms: row.time_ms,
    at_ms: row.at_ms,
    epoch: row.epoch,
    type: row.type,
    text: row.text,
    emoji: row.emoji,
    is_on: row.on,
    reply_device: replyDevice,
    reply_id: replyId,
    target_device: targetDevice,
    target_id: targetId,
    thread_device: threadDevice,
    thread_id: threadId,
    mentions_me: row.mentions_me,
    choices: row.choices ? JSON.stringify(row.choices) : null,
    option_count: row.options ? row.options.length : null,
    is_multiple: row.multiple,
    raw: value,
  };
}

function shownRow(row: Row): ShownRow {
  const [rowId, key, conversation, n, id, device, user, timeMs, atMs, type, text, ...more] = row;
  const [isEdited, isDeleted, reactions, replyDevice, replyId, threadDevice, threadId, ...rest] = more;
  const [isPinned, votes, isClosed, mentionsMe, raw] = rest;
  const pair = (one: unknown, other: unknown) => (one && other ? ([one, other] as [Bytes, Bytes]) : null);
  return {
    rowId: Number(rowId),
    key: key as Bytes,
    conversation: conversation as Bytes,
    n: n as number | null,
    id: id as Bytes | null,
    device: device as Bytes | null,
    user: user as Bytes | null,
    timeMs: timeMs as number | null,
    atMs: atMs as number | null,
    type: type as string,
    text: text as string | null,
    isEdited: Boolean(isEdited),
    isDeleted: Boolean(isDeleted),
    reactions: JSON.parse((reactions as string | null) ?? "[]"),
    replyTo: pair(replyDevice, replyId),
    thread: pair(threadDevice, threadId),
    isPinned: Boolean(isPinned),
    votes: JSON.parse((votes as string | null) ?? "[]"),
    isClosed: Boolean(isClosed),
    mentionsMe: Boolean(mentionsMe),
    raw: raw ? unpack(raw as Bytes) : {},
  };
}
