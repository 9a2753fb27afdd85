/** Where this browser stands, and the connection, as the host tells it. */
import { useEffect, useState } from "react";
import type { Client, Link, Standing } from "../client/api";
import { refusalOf } from "./refusal";

export function useStanding(client: Client): [Standing, (standing: Standing) => void] {
  const [standing, setStanding] = useState<Standing>({ kind: "opening" });
  useEffect(() => {
    let isHere = true;
    const end = client.subscribe((told) => {
      if (told.kind === "standing") setStanding(told.standing);
      if (told.kind === "link")
        setStanding((before) => (before.kind === "open" ? { ...before, link: told.link } : before));
    });
    client.standing().then(
      (now) => isHere && setStanding(now),
      (error: unknown) => isHere && setStanding({ kind: "unable", words: refusalOf(error).words }),
    );
    return () => {
      isHere = false;
      end();
    };
  }, [client]);
  return [standing, setStanding];
}

export const NO_LINK: Link = { state: "connecting", words: "", waiting: 0 };
