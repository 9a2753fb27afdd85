/** What is refused, in the tab and in the worker: a stable code, and words for people. */
import type { Act, RefusalData } from "./api";

export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly code: string,
    readonly words: string = "",
    readonly retryAfterMs: number | null = null,
    readonly act: Act | null = null,
  ) {
    super(words || code);
  }

  static of(data: RefusalData): Refusal {
    return new Refusal(data.code, data.words, data.retryAfterMs, data.act);
  }

  get data(): RefusalData {
    return { code: this.code, words: this.words, retryAfterMs: this.retryAfterMs, act: this.act };
  }
}

/** Any error as it crosses from the worker. What is not a Refusal is a mistake of ours, and is named as such. */
export function refusalData(error: unknown): RefusalData {
  if (error instanceof Refusal) return error.data;
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "Mistake", words, retryAfterMs: null, act: null };
}
