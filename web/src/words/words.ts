/** The words of the person's language, and how it writes dates, numbers and lists. */
import { createContext, useContext, useMemo } from "react";
import type { AlarmKind, RefusalCode, SaidAndTodo } from "./codes";
import { en } from "./en";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

type Shape<T> = T extends string
  ? string
  : T extends (...given: infer Given) => unknown
    ? (...given: Given) => string
    : T extends readonly string[]
      ? readonly string[]
      : { readonly [Key in keyof T]: Shape<T[Key]> };

/** What every language has to have. */
export type Words = Omit<Shape<typeof en>, "refusals" | "alarms" | "unknownAlarm"> & {
  refusals: Record<RefusalCode, SaidAndTodo>;
  alarms: Record<AlarmKind, SaidAndTodo>;
  unknownAlarm: SaidAndTodo;
};

/** English is always here; another language comes when it is asked for. */
export async function wordsOf(language: Language): Promise<Words> {
  return language === "de" ? (await import("./de")).de : en;
}

/** The browser's language where we have it. */
export function languageOfBrowser(): Language {
  for (const tag of navigator.languages) {
    const base = tag.slice(0, 2).toLowerCase();
    if (base in LANGUAGES) return base as Language;
  }
  return "en";
}

export interface Speech {
  language: Language;
  words: Words;
}

export const SpeechContext = createContext<Speech>({ language: "en", words: en });

export function useWords(): Words {
  return useContext(SpeechContext).words;
}

const DAY_MS = 86_400_000;

/** Dates, numbers and lists as the language writes them. */
export function useForms() {
  const { language, words } = useContext(SpeechContext);
  return useMemo(() => {
    // The region of the browser where it speaks this language: English has several ways with dates.
    const tag = navigator.languages.find((each) => each.startsWith(language)) ?? language;
    const clock = new Intl.DateTimeFormat(tag, { hour: "numeric", minute: "2-digit" });
    const weekday = new Intl.DateTimeFormat(tag, { weekday: "long" });
    const dayAndMonth = new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" });
    const date = new Intl.DateTimeFormat(tag, { day: "numeric", month: "long", year: "numeric" });
    const short = new Intl.DateTimeFormat(tag, { day: "numeric", month: "short" });
    const whole = new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "short" });
    const both = new Intl.ListFormat(tag, { type: "conjunction" });
    const figures = new Intl.NumberFormat(tag);
    const relative = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
    return {
      clock: (atMs: number) => clock.format(atMs),
      date: (atMs: number) => date.format(atMs),
      whole: (atMs: number) => whole.format(atMs),
      list: (items: string[]) => both.format(items),
      number: (n: number) => figures.format(n),
      /** The heading of a day in a timeline. */
      day: (atMs: number, nowMs = Date.now()) => {
        const days = daysBetween(atMs, nowMs);
        if (days === 0) return words.timeline.today;
        if (days === 1) return words.timeline.yesterday;
        return days < 300 ? dayAndMonth.format(atMs) : date.format(atMs);
      },
      /** As short as it can be said in a list. */
      brief: (atMs: number, nowMs = Date.now()) => {
        const days = daysBetween(atMs, nowMs);
        if (days === 0) return clock.format(atMs);
        return days < 7 ? weekday.format(atMs) : short.format(atMs);
      },
      /** "in 3 days", "2 hours ago". */
      ago: (atMs: number, nowMs = Date.now()) => {
        const minutes = Math.round((atMs - nowMs) / 60_000);
        if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
        if (Math.abs(minutes) < 24 * 60) return relative.format(Math.round(minutes / 60), "hour");
        return relative.format(Math.round(minutes / (24 * 60)), "day");
      },
    };
  }, [language, words]);
}

/** Midnights between two times, in this place's time zone. */
export function daysBetween(atMs: number, nowMs: number): number {
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(nowMs) - midnight(atMs)) / DAY_MS);
}
