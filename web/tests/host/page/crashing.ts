/** A worker with the product's store under a fixed key, which can be told to write more than fits into memory and never end. */
import { Database } from "../../../src/host/database";
import { Store } from "../../../src/host/store";

const KEY = new Uint8Array(32).fill(7);
const ROWS = 2000;
const ROW_BYTES = 20_000;
let earlier: string[] = [];

self.onmessage = ({ data }) => earlier.push(data);

const store = await Store.take();
const sql = store.open(KEY);
const database = new Database(sql);
database.write([
  ["state", new Uint8Array([database.state().length]), crypto.getRandomValues(new Uint8Array(100))],
]);

self.onmessage = ({ data }) => {
  if (data === "count") postMessage(sql.value("SELECT count(*) FROM state"));
  if (data === "check") postMessage(sql.value("PRAGMA integrity_check"));
  if (data === "spill") {
    sql.script("PRAGMA cache_size = 10");
    sql.run("BEGIN IMMEDIATE");
    const value = crypto.getRandomValues(new Uint8Array(ROW_BYTES));
    for (let n = 0; n < ROWS; n++)
      sql.run("INSERT INTO state (key, value) VALUES (?, ?)", [
        new TextEncoder().encode(`spilled ${n}`),
        value,
      ]);
    postMessage("spilled");
  }
};
for (const data of earlier) self.dispatchEvent(new MessageEvent("message", { data }));
earlier = [];
postMessage("open");
