/** Where the encrypted store lies: the browser's private files, through SQLite3 Multiple Ciphers. One worker at a time has it. */
import sqlite3InitModule, { type SAHPoolUtil, type Sqlite3Static } from "@evolu/sqlite-wasm";
import { Refusal } from "../client/refusal";
import type { Bytes } from "./bytes";
import { hex } from "./bytes";
import { damaged, Sql } from "./sql";

const FOLDER = ".inmost";
const VFS = "opfs-sahpool";
const FILE = "/store.db";
/** The files of a worker that has just ended are free a moment later. */
const LONGEST_WAIT_MS = 10_000;
const PAUSE_MS = 25;

export class Store {
  readonly #sqlite: Sqlite3Static;
  readonly #pool: SAHPoolUtil;

  private constructor(sqlite: Sqlite3Static, pool: SAHPoolUtil) {
    this.#sqlite = sqlite;
    this.#pool = pool;
  }

  /** Take hold of the files. Refused: StoreBusy, when another worker does not let go. */
  static async take(): Promise<Store> {
    // It would complain in the console of a file system layer that is not the one we use.
    Object.assign(globalThis, { sqlite3ApiConfig: { warn: () => undefined } });
    const sqlite = await sqlite3InitModule();
    const until = performance.now() + LONGEST_WAIT_MS;
    for (;;) {
      try {
        const options = {
          name: VFS,
          directory: FOLDER,
          initialCapacity: 6,
          forceReinitIfPreviouslyFailed: true,
        };
        return new Store(sqlite, await sqlite.installOpfsSAHPoolVfs(options));
      } catch (error) {
        if (performance.now() > until) throw new Refusal("StoreBusy", String(error));
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  get isThere(): boolean {
    return this.#pool.getFileNames().includes(FILE);
  }

  /** Open or make it. key: 32 bytes, of which it is known that it is this store's. Refused: StoreDamaged. */
  open(key: Bytes): Sql {
    // The name with which the ciphers' VFS is put before the pool's.
    const connection = new this.#sqlite.oo1.DB(`file:${FILE}?vfs=multipleciphers-${VFS}`, "c");
    try {
      connection.exec(`PRAGMA key = 'raw:${hex(key)}'`);
      // In this order. Without exclusive locking the store does not survive a crash: a hot journal is never replayed.
      connection.exec("PRAGMA locking_mode = exclusive");
      connection.exec("PRAGMA journal_mode = wal");
      connection.exec("PRAGMA synchronous = full");
      connection.exec("PRAGMA secure_delete = on");
      connection.exec("PRAGMA recursive_triggers = on");
      connection.exec("PRAGMA temp_store = memory");
      connection.selectValue("SELECT count(*) FROM sqlite_master");
      return new Sql(connection);
    } catch (error) {
      connection.close();
      throw damaged(error);
    }
  }

  /** Everything that is kept in files is gone. */
  async erase(): Promise<void> {
    await this.#pool.wipeFiles();
  }
}
