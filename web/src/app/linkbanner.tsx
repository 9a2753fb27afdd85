/** A band on top while the connection is gone, with how much waits to be sent. */
import { CloudOff } from "lucide-react";
import { useEffect, useState } from "react";
import type { Link } from "../client/api";
import { Banner } from "../ui/banner";
import { useWords } from "../words/words";
import { BuildBanner } from "./build";
import styles from "./linkbanner.module.css";

/** A connection that comes back at once is not worth a word. */
const PATIENCE_MS = 2_500;

export function LinkBanner({ link }: { link: Link }) {
  const words = useWords();
  const isAway = link.state !== "online";
  const [isLong, setLong] = useState(link.state === "offline");
  useEffect(() => {
    if (!isAway) return setLong(false);
    const timer = setTimeout(() => setLong(true), link.state === "offline" ? 0 : PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isAway, link.state]);
  return (
    <div className={styles.place} role="status">
      <BuildBanner />
      {isAway && isLong && (
        <Banner isBand tone="care" icon={<CloudOff size={16} />}>
          <p>
            {link.state === "offline" ? words.link.offline : words.link.connecting}{" "}
            {link.waiting > 0 && words.link.waiting(link.waiting)} {link.words && <span>{link.words}</span>}
          </p>
        </Banner>
      )}
    </div>
  );
}
