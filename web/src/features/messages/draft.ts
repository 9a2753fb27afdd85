/** What is half written: kept by the engine, sealed, and the same on all of one's devices; in a thread only while the page stands. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useTools } from "../../app/here";
import type { Conversation, Ref } from "../../client/api";

const KEEP_AFTER_MS = 700;
const threads = new Map<string, string>();

export function useDraft(conversation: Conversation, thread: Ref | null) {
  const { client } = useTools();
  const { id } = conversation;
  const place = thread ? `${id} ${thread.device} ${thread.id}` : null;
  const [text, setShown] = useState(place ? (threads.get(place) ?? "") : conversation.draft);
  const kept = useRef(text);
  const now = useRef(text);

  const keep = useCallback(() => {
    if (now.current === kept.current) return;
    kept.current = now.current;
    if (place) threads.set(place, now.current);
    else client.setDraft(id, now.current || null).catch(() => {});
  }, [client, id, place]);

  const setText = useCallback(
    (next: string) => {
      now.current = next;
      setShown(next);
      client.signal(id, next !== "").catch(() => {});
    },
    [client, id],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a moment after each change
  useEffect(() => {
    const timer = setTimeout(keep, KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, keep]);
  useEffect(() => {
    addEventListener("pagehide", keep);
    return () => {
      removeEventListener("pagehide", keep);
      keep();
    };
  }, [keep]);

  const sent = useCallback(() => {
    setText("");
    keep();
  }, [setText, keep]);
  return { text, setText, sent };
}
