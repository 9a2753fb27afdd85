/** Nobody is here yet: sign in, or paste an invitation. */

import { Fingerprint, KeyRound } from "lucide-react";
import { useState } from "react";
import { BuildBanner } from "../../app/build";
import { useTools } from "../../app/here";
import type { MadePasskey, Standing } from "../../client/api";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { useWords } from "../../words/words";
import { Door } from "./door";
import styles from "./door.module.css";
import { SignIn } from "./signin";

export function Welcome(props: { onLink: (link: string) => void; onStanding: (standing: Standing) => void }) {
  const words = useWords();
  const { passkeys } = useTools();
  const [way, setWay] = useState<"choose" | "passkey" | "password" | "link">("choose");
  const [link, setLink] = useState("");
  const [made, setMade] = useState<MadePasskey | null>(null);
  const back = () => {
    setMade(null);
    setWay("choose");
  };

  if (way === "passkey" || way === "password")
    return <SignIn way={way} made={made} onMade={setMade} onBack={back} onStanding={props.onStanding} />;
  if (way === "link") {
    return (
      <Door title={words.welcome.haveLink}>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (link.trim()) props.onLink(link.trim());
          }}
        >
          <TextField
            label={words.welcome.linkLabel}
            value={link}
            onChange={setLink}
            help={words.welcome.linkHelp}
            isMono
            autoFocus
          />
          <div className={styles.row}>
            <Button onPress={back}>{words.back}</Button>
            <Button type="submit" weight="primary" isDisabled={!link.trim()}>
              {words.welcome.join}
            </Button>
          </div>
        </form>
      </Door>
    );
  }
  return (
    <Door before={<BuildBanner />} title={words.welcome.title}>
      <p className={styles.soft}>{words.welcome.intro}</p>
      <div className={styles.stack}>
        {passkeys.isThere && (
          <Button
            weight="primary"
            isWide
            icon={<Fingerprint size={18} aria-hidden />}
            onPress={() => setWay("passkey")}
          >
            {words.welcome.passkey}
          </Button>
        )}
        <Button
          weight={passkeys.isThere ? "plain" : "primary"}
          isWide
          icon={<KeyRound size={18} aria-hidden />}
          onPress={() => setWay("password")}
        >
          {words.welcome.password}
        </Button>
      </div>
      <Button weight="quiet" onPress={() => setWay("link")}>
        {words.welcome.haveLink}
      </Button>
    </Door>
  );
}
