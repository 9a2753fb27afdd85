/** A QR code as shapes that React draws: dark on light in every theme, because cameras need it so. */
import { encode } from "uqr";
import styles from "./qr.module.css";

/** side: of the whole in pixels. */
export function QR({ content, label, side = 192 }: { content: string; label: string; side?: number }) {
  const { data, size } = encode(content, { ecc: "M", border: 2 });
  let path = "";
  data.forEach((row, y) => {
    row.forEach((isDark, x) => {
      if (isDark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return (
    <svg
      className={styles.qr}
      width={side}
      height={side}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={path} fill="currentColor" />
    </svg>
  );
}
