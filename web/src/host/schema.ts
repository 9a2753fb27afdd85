/** The store's schema: the very files of the Python host, so that there is one. */
import tables from "../../../sdk/inmost/store/schema/0001_tables.sql?raw";
import threads from "../../../sdk/inmost/store/schema/0002_threads_polls_and_unread.sql?raw";
import views from "../../../sdk/inmost/store/schema/views.sql?raw";
import { Refusal } from "../client/refusal";
import type { Sql } from "./sql";

/** Each brings a store from the version before to its own; what is computed is made anew after them. */
const STEPS = [tables, threads];

/** Refused: StoreTooNew. */
export function bringUpToDate(sql: Sql): void {
  const version = Number(sql.value("PRAGMA user_version"));
  if (version > STEPS.length)
    throw new Refusal("StoreTooNew", "A newer Inmost wrote what is kept here. Load the page anew.");
  if (version === STEPS.length) return;
  sql.transaction(() => {
    const computed = sql.rows("SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')");
    // A view takes its own triggers with it.
    for (const [kind, name] of computed) sql.script(`DROP ${kind} IF EXISTS ${name}`);
    for (const step of [...STEPS.slice(version), views]) sql.script(step);
    sql.script(`PRAGMA user_version = ${STEPS.length}`);
  });
}
