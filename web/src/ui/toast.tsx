/** A short word about what was just done, which goes by itself; said aloud, and never the only place where a failure shows. */
import { Check, X } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";
import { IconButton } from "./button";
import styles from "./toast.module.css";

interface Said {
  key: number;
  words: string;
}

let shown: readonly Said[] = [];
let next = 1;
const listeners = new Set<() => void>();

function show(now: readonly Said[]) {
  shown = now;
  for (const listener of listeners) listener();
}

/** Say it, three at a time at most. */
export function toast(words: string): void {
  next += 1;
  show([...shown.slice(-2), { key: next, words }]);
}

const STAYS_MS = 5_000;

export function Toasts({ close, label }: { close: string; label: string }) {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
  const last = all.at(-1)?.key;
  useEffect(() => {
    if (last === undefined) return;
    const timer = setTimeout(() => show([]), STAYS_MS);
    return () => clearTimeout(timer);
  }, [last]);
  return (
    <section className={styles.place} aria-live="polite" aria-label={label}>
      {all.map((said) => (
        <div key={said.key} className={styles.toast}>
          <Check size={16} aria-hidden />
          <span className={styles.words}>{said.words}</span>
          <IconButton label={close} isSmall onPress={() => show(shown.filter((each) => each !== said))}>
            <X size={16} />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
