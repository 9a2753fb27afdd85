/** A name that somebody chose: kept apart from what stands around it, with what would deceive the eye made visible. */
import { hasHidden, mixesLookAlikes, piecesOf } from "./links";
import styles from "./name.module.css";

export function Name({ name, warning }: { name: string; warning?: string }) {
  if (!hasHidden(name) && !mixesLookAlikes(name)) return <bdi>{name}</bdi>;
  return (
    <bdi className={styles.odd} {...(warning ? { title: warning } : {})}>
      {piecesOf(name).map((piece, at) =>
        piece.isMark ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text
          <span key={at} className={styles.mark}>
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
      {warning && <span className="visually-hidden"> ({warning})</span>}
    </bdi>
  );
}
