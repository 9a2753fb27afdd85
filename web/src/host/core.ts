/** Feeds the engine and carries out its rows: when this returns effects, everything they rest on is on the disk. */
import { Engine } from "../../../engine/wasm/pkg/inmost_engine.js";
import { Refusal } from "../client/refusal";
import { type Fields, hex, pack, random, unpack } from "./bytes";
import { type Change, type Database, waitingId } from "./database";

const ENTROPY_BYTES = 32;
const CONVERSATION_BYTES = 16;

export type Event = [name: string, details: Fields];

/** One input of the engine (docs/protocol/engine.md), without time and entropy. call: remembered as done with its rows. */
export interface Input {
  kind: string;
  more: unknown[];
  call?: string | null;
}

/** What is left to do after the rows were written: send frames in this order, then show events. */
export interface Effects {
  frames: Uint8Array[];
  events: Event[];
  wakeAtMs: number | null;
  /** Inputs the engine refused as such, by their place among those fed. */
  refused: Map<number, Refusal>;
  /** What a call is answered once its rows are on the disk, by the place of its input. */
  kept: Map<number, unknown>;
  /** Conversations (hex) of which messages were written. */
  written: Set<string>;
}

export class Core {
  readonly database: Database;
  readonly #engine: Engine;
  #isAheadOfDisk = false;
  #wakeAtMs: number | null = null;

  /** Refused: StoreDamaged. */
  constructor(database: Database) {
    this.database = database;
    try {
      this.#engine = new Engine(database.state());
    } catch (error) {
      throw new Refusal("StoreDamaged", `What is kept here cannot be read: ${refusal(error).words}`);
    }
  }

  /**
   * Step through inputs and make all their rows durable in one transaction.
   * Refused: StoreDamaged, when the disk failed: the engine then knows more than the disk and takes nothing more.
   */
  feed(inputs: Input[]): Effects {
    if (this.#isAheadOfDisk)
      throw new Refusal("StoreDamaged", "What is kept here could not be written before.");
    const effects: Effects = {
      frames: [],
      events: [],
      wakeAtMs: this.#wakeAtMs,
      refused: new Map(),
      kept: new Map(),
      written: new Set(),
    };
    const rows: Change[] = [];
    const applied: [string, unknown][] = [];
    this.#isAheadOfDisk = true;
    for (const [place, input] of inputs.entries()) {
      const stepRows = this.#step(input, place, effects);
      if (stepRows === null) continue;
      rows.push(...stepRows);
      if (input.call && effects.kept.has(place)) applied.push([input.call, effects.kept.get(place)]);
    }
    if (rows.length > 0 || applied.length > 0) this.database.write(rows, applied);
    this.#isAheadOfDisk = false;
    this.#wakeAtMs = effects.wakeAtMs;
    return effects;
  }

  /** null: refused. */
  #step(input: Input, place: number, effects: Effects): Change[] | null {
    const known = isCreate(input) ? this.#conversations() : null;
    let answer: Uint8Array;
    try {
      answer = this.#engine.step(pack([Date.now(), random(ENTROPY_BYTES), input.kind, ...input.more]));
    } catch (error) {
      effects.refused.set(place, refusal(error));
      return null;
    }
    const [rows, frames, events, wakeAtMs] = unpack(answer) as [
      Change[],
      Uint8Array[],
      Event[],
      number | null,
    ];
    effects.frames.push(...frames);
    effects.events.push(...events);
    effects.wakeAtMs = wakeAtMs;
    for (const [table, key] of rows)
      if (table === "messages") effects.written.add(hex(key.subarray(0, CONVERSATION_BYTES)));
    const id = waitingId(rows);
    if (known !== null) {
      const made = [...this.#conversations()].find((each) => !known.has(each));
      if (made !== undefined) effects.kept.set(place, made);
    } else if (id !== null) effects.kept.set(place, { id });
    return rows;
  }

  #conversations(): Set<string> {
    const seen = this.view("conversations") as { conversation: Uint8Array }[];
    return new Set(seen.map((each) => hex(each.conversation)));
  }

  /** Ask the engine what it knows. Throws a Refusal. */
  // biome-ignore lint/suspicious/noExplicitAny: shapes of docs/protocol/engine.md
  view(name: string, given: Fields = {}): any {
    try {
      return unpack(this.#engine.view(pack([name, given])));
    } catch (error) {
      throw refusal(error);
    }
  }

  close(): void {
    this.#engine.free();
    this.database.close();
  }
}

function isCreate(input: Input): boolean {
  return input.kind === "command" && input.more[1] === "create";
}

/** The engine's own refusal. Anything else it throws is a mistake of ours, after which it cannot be trusted to go on. */
function refusal(error: unknown): Refusal {
  const { name, code, words } = error as { name?: string; code?: string; words?: string };
  if (error instanceof Refusal) return error;
  if (name === "Refused" && code !== undefined) return new Refusal(code, words ?? "");
  throw new Refusal(
    "EngineStopped",
    `Inmost stopped by a mistake of its own (${String(error)}). Load the page anew: nothing is lost.`,
  );
}
