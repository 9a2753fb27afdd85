/** All keys that do something. */
import { Dialog } from "../../ui/dialog";
import { Kbd } from "../../ui/kbd";
import { useWords } from "../../words/words";
import styles from "./keys.module.css";

export function Keys({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const keys: [string, string][] = [
    ["Mod+K", words.keys.goto],
    ["Mod+Shift+F", words.keys.search],
    ["Alt+↓", words.keys.next],
    ["Alt+↑", words.keys.before],
    ["↑", words.keys.edit],
    ["Enter", words.keys.send],
    ["Shift+Enter", words.keys.line],
    ["↑+↓", words.keys.walk],
    ["Esc", words.keys.write],
    ["Esc", words.keys.close],
    ["?", words.keys.help],
  ];
  return (
    <Dialog title={words.keys.title} close={words.close} isOpen onClose={onClose}>
      <dl className={styles.keys}>
        {keys.map(([pressed, does]) => (
          <div key={does} className={styles.row}>
            <dt className={styles.does}>{does}</dt>
            <dd>
              <Kbd keys={pressed} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
