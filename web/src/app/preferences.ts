/** How this browser shows things: nothing secret, so that it may stand in local storage and be there before anything is open. */
import { useSyncExternalStore } from "react";
import { LANGUAGES, type Language, languageOfBrowser } from "../words/words";

export interface Preferences {
  theme: "system" | "light" | "dark";
  contrast: "system" | "more";
  density: "comfortable" | "compact";
  language: Language | "system";
  /** Lock after so long without input; 0: never. */
  lockAfterMinutes: number;
  /** Whether colleagues see that one is here. */
  isPresent: boolean;
}

const BEGINNING: Preferences = {
  theme: "system",
  contrast: "system",
  density: "comfortable",
  language: "system",
  lockAfterMinutes: 15,
  isPresent: true,
};

const PLACE = "inmost preferences";
const listeners = new Set<() => void>();
let now: Preferences = read();

function read(): Preferences {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    return typeof kept === "object" && kept !== null ? checked({ ...BEGINNING, ...kept }) : BEGINNING;
  } catch {
    return BEGINNING;
  }
}

/** What another version or a person with the tools of the browser wrote is no reason to fail. */
function checked(kept: Preferences): Preferences {
  const one = <Value>(value: Value, among: readonly Value[], otherwise: Value) =>
    among.includes(value) ? value : otherwise;
  return {
    theme: one(kept.theme, ["system", "light", "dark"], "system"),
    contrast: one(kept.contrast, ["system", "more"], "system"),
    density: one(kept.density, ["comfortable", "compact"], "comfortable"),
    language: kept.language in LANGUAGES ? kept.language : "system",
    lockAfterMinutes:
      Number.isFinite(kept.lockAfterMinutes) && kept.lockAfterMinutes >= 0 ? kept.lockAfterMinutes : 15,
    isPresent: kept.isPresent !== false,
  };
}

export function preferences(): Preferences {
  return now;
}

export function prefer(change: Partial<Preferences>): void {
  now = { ...now, ...change };
  try {
    localStorage.setItem(PLACE, JSON.stringify(now));
  } catch {
    // A browser without storage keeps them until the page is left.
  }
  show();
  for (const listener of listeners) listener();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

export function languageNow(preferred: Preferences = now): Language {
  return preferred.language === "system" ? languageOfBrowser() : preferred.language;
}

/** Tell the style sheets. */
export function show(): void {
  const root = document.documentElement;
  const set = (name: string, value: string, otherwise: string) =>
    value === otherwise ? root.removeAttribute(name) : root.setAttribute(name, value);
  set("data-theme", now.theme, "system");
  set("data-contrast", now.contrast, "system");
  set("data-density", now.density, "comfortable");
  root.lang = languageNow();
}

// Another tab has changed them.
window.addEventListener("storage", (event) => {
  if (event.key !== PLACE) return;
  now = read();
  show();
  for (const listener of listeners) listener();
});
