/** Keys as they are pressed: "Mod+K" is Ctrl or ⌘. */
import styles from "./kbd.module.css";

const onMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

export function Kbd({ keys }: { keys: string }) {
  return (
    <span className={styles.keys}>
      {keys.split("+").map((key) => (
        <kbd key={key} className={styles.key}>
          {key === "Mod" ? (onMac ? "⌘" : "Ctrl") : key}
        </kbd>
      ))}
    </span>
  );
}
