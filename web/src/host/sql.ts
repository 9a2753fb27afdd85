/** SQLite as the store uses it: statements are prepared once, what goes wrong is a refusal. */
import type { BindableValue, Database, PreparedStatement, SqlValue } from "@evolu/sqlite-wasm";
import { Refusal } from "../client/refusal";

export type Value = BindableValue;
export type Row = SqlValue[];

const NOT_A_DATABASE = 26;

export class Sql {
  readonly #connection: Database;
  readonly #prepared = new Map<string, PreparedStatement>();

  constructor(connection: Database) {
    this.#connection = connection;
  }

  /** Any number of statements, prepared anew. */
  script(text: string): void {
    this.#safely(() => this.#connection.exec(text));
  }

  run(text: string, values: readonly Value[] = []): void {
    this.#each(text, values, () => undefined);
  }

  /** Blobs are copies. */
  rows(text: string, values: readonly Value[] = []): Row[] {
    const rows: Row[] = [];
    this.#each(text, values, (statement) => rows.push(statement.get([])));
    return rows;
  }

  row(text: string, values: readonly Value[] = []): Row | undefined {
    return this.rows(text, values)[0];
  }

  value(text: string, values: readonly Value[] = []): SqlValue | undefined {
    return this.row(text, values)?.[0];
  }

  /** All or nothing, and on the disk on return. */
  transaction(work: () => void): void {
    this.run("BEGIN IMMEDIATE");
    try {
      work();
      this.run("COMMIT");
    } catch (error) {
      try {
        this.run("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself.
      }
      throw error;
    }
  }

  get changes(): number {
    return this.#connection.changes();
  }

  close(): void {
    for (const statement of this.#prepared.values()) statement.finalize();
    this.#prepared.clear();
    this.#connection.close();
  }

  #each(text: string, values: readonly Value[], take: (statement: PreparedStatement) => void): void {
    this.#safely(() => {
      const statement = this.#prepare(text);
      try {
        if (values.length > 0) statement.bind(values.map((value) => value ?? null));
        while (statement.step()) take(statement);
      } finally {
        // Its own error was thrown by step() already.
        statement.reset(true);
      }
    });
  }

  #prepare(text: string): PreparedStatement {
    let statement = this.#prepared.get(text);
    if (statement === undefined) {
      statement = this.#connection.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }

  #safely<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw damaged(error);
    }
  }
}

/** What SQLite says, as a refusal: StoreDamaged. */
export function damaged(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const isForeign = (error as { resultCode?: number }).resultCode === NOT_A_DATABASE;
  const words = error instanceof Error ? error.message : String(error);
  return new Refusal(
    "StoreDamaged",
    isForeign ? "What is kept in this browser was changed or cut off." : words,
  );
}
