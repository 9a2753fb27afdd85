/** Refusals as they arrive, and in a person's words. */
import type { RefusalData } from "../client/api";
import { REFUSALS, type RefusalCode } from "../words/codes";
import type { Words } from "../words/words";

export function refusalOf(error: unknown): RefusalData {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") {
    const given = error as Partial<RefusalData> & { message?: string };
    return {
      code: error.code,
      words: given.words ?? given.message ?? "",
      retryAfterMs: given.retryAfterMs ?? null,
      act: given.act ?? null,
    };
  }
  return {
    code: "",
    words: error instanceof Error ? error.message : String(error),
    retryAfterMs: null,
    act: null,
  };
}

function isKnown(code: string): code is RefusalCode {
  return (REFUSALS as readonly string[]).includes(code);
}

/** What happened, and what to do: never a bare code, never "an error occurred". */
export function explained(refusal: RefusalData, words: Words): { said: string; todo: string } {
  const [said, todo] = isKnown(refusal.code)
    ? words.refusals[refusal.code]
    : [sentence(refusal.words || refusal.code), ""];
  if (refusal.code === "WeakPassword" && refusal.words) return { said: sentence(refusal.words), todo };
  if (refusal.retryAfterMs) return { said, todo: words.waitSeconds(Math.ceil(refusal.retryAfterMs / 1000)) };
  return { said, todo };
}

function sentence(words: string): string {
  const begun = words.charAt(0).toLocaleUpperCase() + words.slice(1);
  return /[.!?:]$/.test(begun) ? begun : `${begun}.`;
}
