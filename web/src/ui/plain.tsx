/** Text as it was written, with what is not seen shown by its number. */
import type { ReactNode } from "react";
import { piecesOf } from "./links";
import styles from "./plain.module.css";

export function plain(text: string): ReactNode {
  return piecesOf(text).map((piece, at) =>
    piece.isMark ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text
      <span key={at} className={styles.unseen}>
        {piece.text}
      </span>
    ) : (
      piece.text
    ),
  );
}
