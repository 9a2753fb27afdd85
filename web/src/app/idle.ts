/** Locks the store after a while without input in any tab. */
import { useEffect } from "react";
import type { Client } from "../client/api";
import { usePreferences } from "./preferences";

const INPUTS = ["pointerdown", "keydown", "wheel", "touchstart"] as const;
const LOOK_EVERY_MS = 5_000;

export function useIdleLock(client: Client, isOpen: boolean): void {
  const { lockAfterMinutes } = usePreferences();
  useEffect(() => {
    if (!isOpen || lockAfterMinutes <= 0) return;
    let lastMs = Date.now();
    // Tabs tell each other that somebody is there: one that lies behind must not lock the one in use.
    const channel = new BroadcastChannel("inmost input");
    const touched = () => {
      const now = Date.now();
      if (now - lastMs > 1_000) channel.postMessage(now);
      lastMs = now;
    };
    channel.onmessage = () => {
      lastMs = Date.now();
    };
    for (const input of INPUTS) addEventListener(input, touched, { passive: true, capture: true });
    // The wall clock, not a timer of so long: a computer that slept locks when it wakes.
    const timer = setInterval(() => {
      if (Date.now() - lastMs >= lockAfterMinutes * 60_000) void client.lock();
    }, LOOK_EVERY_MS);
    return () => {
      clearInterval(timer);
      channel.close();
      for (const input of INPUTS) removeEventListener(input, touched, { capture: true });
    };
  }, [client, isOpen, lockAfterMinutes]);
}

/** Tell colleagues that somebody is here, as long as the page is looked at and the person wants it. */
export function usePresence(client: Client, isOpen: boolean): void {
  const { isPresent } = usePreferences();
  useEffect(() => {
    if (!isOpen) return;
    const say = () => {
      client.presence(isPresent ? document.visibilityState === "visible" : null).catch(() => {});
    };
    say();
    document.addEventListener("visibilitychange", say);
    return () => document.removeEventListener("visibilitychange", say);
  }, [client, isOpen, isPresent]);
}
