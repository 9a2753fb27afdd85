/** Alarms, and how many of them this browser has not shown yet. */
import { useCallback, useSyncExternalStore } from "react";
import { useAsked } from "../../app/asked";
import { useTools } from "../../app/here";
import type { Alarm } from "../../client/api";

const PLACE = "inmost alarms seen";
const NONE: readonly Alarm[] = [];
const listeners = new Set<() => void>();

function seenUntilMs(): number {
  return Number(localStorage.getItem(PLACE) ?? 0) || 0;
}

export function useAlarms() {
  const { client } = useTools();
  const asked = useAsked(client, "alarms");
  const alarms = asked.value ?? NONE;
  const seen = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, seenUntilMs);
  const markSeen = useCallback(() => {
    const newest = Math.max(0, ...alarms.map((each) => each.atMs));
    if (newest <= seenUntilMs()) return;
    localStorage.setItem(PLACE, String(newest));
    for (const listener of listeners) listener();
  }, [alarms]);
  return { ...asked, alarms, unseen: alarms.filter((each) => each.atMs > seen).length, markSeen };
}
