/** The second step: a passkey, or a password with an authenticator's codes. */
import { Fingerprint, KeyRound } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import type { Joining } from "../../client/api";
import { Button } from "../../ui/button";
import { CodeField, PasswordField } from "../../ui/field";
import { QR } from "../../ui/qr";
import { useWords } from "../../words/words";
import { Door } from "./door";
import styles from "./door.module.css";
import type { Proof } from "./join";
import { isCode } from "./totp";

const SHORTEST_PASSWORD = 12;

interface SecretProps {
  joining: Joining;
  name: string;
  before: ReactNode;
  onProved: (proof: Proof) => void;
  onBack: () => void;
}

export function Secret(props: SecretProps) {
  const words = useWords();
  const { client, passkeys } = useTools();
  const [isByPassword, setByPassword] = useState(!passkeys.isThere);
  const { isBusy, refusal, run } = useDoing();
  if (isByPassword)
    return (
      <ByPassword {...props} onBack={() => (passkeys.isThere ? setByPassword(false) : props.onBack())} />
    );
  const make = () =>
    run(async () => {
      props.onProved({ passkey: await passkeys.make(await client.joinPasskeyOptions(), props.name) });
    });
  return (
    <Door before={props.before} title={words.join.secretTitle}>
      <Inviter joining={props.joining} />
      <p className={styles.soft}>{words.join.passkeyMore}</p>
      <Refused refusal={refusal} />
      <div className={styles.stack}>
        <Button
          weight="primary"
          isWide
          icon={<Fingerprint size={18} aria-hidden />}
          onPress={make}
          isBusy={isBusy}
        >
          {words.join.makePasskey}
        </Button>
        <Button isWide icon={<KeyRound size={18} aria-hidden />} onPress={() => setByPassword(true)}>
          {words.join.usePassword}
        </Button>
      </div>
      <div className={styles.row}>
        <Button weight="quiet" onPress={props.onBack}>
          {words.back}
        </Button>
      </div>
    </Door>
  );
}

function Inviter({ joining }: { joining: Joining }) {
  const words = useWords();
  const role = joining.role ? words.roles[joining.role] : "";
  return (
    <p>
      {joining.inviter && `${words.join.by(joining.inviter)} `}
      {role && words.join.as(joining.account, role)}
    </p>
  );
}

function ByPassword(props: SecretProps) {
  const words = useWords();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [isWrong, setWrong] = useState(false);
  const missing = SHORTEST_PASSWORD - [...password].length;
  const go = async () => {
    if (missing > 0 || code.length !== 6) return;
    if (await isCode(props.joining.totpSecret, code, Date.now())) props.onProved({ password });
    else setWrong(true);
  };
  return (
    <Door before={props.before} title={words.join.usePassword}>
      <Inviter joining={props.joining} />
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {/* For password managers: whose password it is. */}
        <input
          className="visually-hidden"
          type="text"
          autoComplete="username"
          value={props.joining.account}
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        <PasswordField
          label={words.join.password}
          value={password}
          onChange={setPassword}
          help={password && missing > 0 ? words.join.passwordShort(missing) : words.join.passwordHelp}
          show={words.show}
          hide={words.hide}
          autoComplete="new-password"
          autoFocus
        />
        <div className={styles.scan}>
          <QR content={props.joining.totpUri} label={words.join.scanLabel} side={168} />
          <div className={styles.beside}>
            <p>{words.join.scan}</p>
            <p className={styles.soft}>{words.join.scanText}</p>
            <p className={styles.secret} data-testid="totp-secret">
              {props.joining.totpSecret.replace(/(.{4})(?=.)/g, "$1 ")}
            </p>
          </div>
        </div>
        <CodeField
          label={words.join.code}
          length={6}
          value={code}
          onChange={(typed) => {
            setWrong(false);
            setCode(typed);
          }}
          wrong={isWrong ? words.join.codeWrong : ""}
        />
        <div className={styles.row}>
          <Button onPress={props.onBack}>{words.back}</Button>
          <Button type="submit" weight="primary" isDisabled={missing > 0 || code.length !== 6}>
            {words.next}
          </Button>
        </div>
      </form>
    </Door>
  );
}
