/** The note beside the store: how its key is kept. In IndexedDB, because a key that never leaves the browser can be kept there only. */
import type { Custody } from "../client/api";
import type { Bytes } from "./bytes";

const DATABASE = "inmost";
const TABLE = "custody";
const ROW = "note";
export const NOTE_VERSION = 1;

/** The store's key, sealed for one passkey by what its PRF gave. */
export interface Wrap {
  credential: string;
  salt: Bytes;
  nonce: Bytes;
  sealed: Bytes;
}

interface Common {
  version: typeof NOTE_VERSION;
  account: string;
  /** SHA-256 of a label and the key: tells the right key from a wrong one before the store is touched. */
  check: Bytes;
  /** A return is under way: until this device is one of the account's, there is nothing here to lose. */
  isUnfinished?: true;
}

export type Note = Common &
  (
    | { kind: "passkey"; wraps: Wrap[] }
    | { kind: "passphrase"; salt: Bytes; nonce: Bytes; sealed: Bytes }
    | { kind: "browser"; key: CryptoKey; sealed: Bytes }
  );

export function credentialsOf(note: Note): string[] {
  return note.kind === "passkey" ? note.wraps.map((wrap) => wrap.credential) : [];
}

/** null: there is none, or it is none of ours. */
export async function readNote(): Promise<Note | null> {
  const kept = await inTable("readonly", (table) => table.get(ROW));
  return isNote(kept) ? kept : null;
}

/** On the disk on return. */
export async function writeNote(note: Note): Promise<void> {
  await inTable("readwrite", (table) => table.put(note, ROW));
}

export async function eraseNote(): Promise<void> {
  await inTable("readwrite", (table) => table.delete(ROW));
}

function isNote(kept: unknown): kept is Note {
  const kinds: Custody[] = ["passkey", "passphrase", "browser"];
  const note = kept as Note | undefined;
  return note?.version === NOTE_VERSION && kinds.includes(note.kind) && note.check instanceof Uint8Array;
}

async function inTable(
  mode: IDBTransactionMode,
  work: (table: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    const transaction = database.transaction(TABLE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(TABLE));
    return await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}
