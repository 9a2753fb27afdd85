/** The store is here and its key is not: by passkey, passphrase, or the browser's own key. */

import { Fingerprint } from "lucide-react";
import { useEffect, useState } from "react";
import { BuildBanner } from "../../app/build";
import { useDoing, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import type { Standing } from "../../client/api";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { PasswordField } from "../../ui/field";
import { useWords } from "../../words/words";
import { Door } from "./door";
import styles from "./door.module.css";

type LockedStanding = Extract<Standing, { kind: "locked" }>;

export function Locked({
  standing,
  onStanding,
}: {
  standing: LockedStanding;
  onStanding: (standing: Standing) => void;
}) {
  const words = useWords();
  const { client, passkeys } = useTools();
  const [passphrase, setPassphrase] = useState("");
  const { isBusy, refusal, run } = useDoing();
  const [isForgetting, setForgetting] = useState(false);

  const open = () =>
    run(async () => {
      if (standing.custody === "passphrase") return onStanding(await client.unlock({ passphrase }));
      if (standing.custody === "browser") return onStanding(await client.unlock(null));
      return onStanding(await client.unlock({ storeSecret: await passkeys.unlock(standing.credentials) }));
    });

  // What this browser keeps itself needs nobody: it opens by itself, and the button is there if that failed.
  const isByItself = standing.custody === "browser";
  useEffect(() => {
    if (!isByItself) return;
    void run(async () => onStanding(await client.unlock(null)));
  }, [isByItself, client, run, onStanding]);

  return (
    <Door before={<BuildBanner />} title={words.unlock.title}>
      <p className={styles.soft}>
        <bdi>{standing.account}</bdi>
      </p>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        {standing.custody === "passphrase" && (
          <PasswordField
            label={words.unlock.passphrase}
            value={passphrase}
            onChange={setPassphrase}
            show={words.show}
            hide={words.hide}
            autoComplete="current-password"
            autoFocus
          />
        )}
        {standing.custody === "browser" && <p className={styles.soft}>{words.unlock.browserNote}</p>}
        <Refused refusal={refusal} />
        <Button
          type="submit"
          weight="primary"
          isWide
          isBusy={isBusy}
          isDisabled={standing.custody === "passphrase" && passphrase === ""}
          icon={standing.custody === "passkey" && <Fingerprint size={18} aria-hidden />}
        >
          {standing.custody === "passkey" ? words.unlock.passkey : words.unlock.open}
        </Button>
      </form>
      <Button weight="quiet" onPress={() => setForgetting(true)}>
        {words.unlock.forget}
      </Button>
      <Forget isOpen={isForgetting} onClose={() => setForgetting(false)} onStanding={onStanding} />
    </Door>
  );
}

export function Forget(props: {
  isOpen: boolean;
  onClose: () => void;
  onStanding: (standing: Standing) => void;
  revoke?: boolean;
}) {
  const words = useWords();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const isOnly = refusal?.code === "LastDevice";
  return (
    <Dialog
      title={words.unlock.forgetTitle}
      close={words.close}
      isOpen={props.isOpen}
      onClose={props.onClose}
      isAlert
      actions={
        <>
          <Button onPress={props.onClose}>{words.cancel}</Button>
          <Button
            weight="danger"
            isBusy={isBusy}
            onPress={() =>
              run(async () => props.onStanding(await client.forget((props.revoke ?? false) && !isOnly)))
            }
          >
            {words.unlock.forgetSure}
          </Button>
        </>
      }
    >
      <p>{words.unlock.forgetWords}</p>
      <Refused refusal={refusal} />
    </Dialog>
  );
}
