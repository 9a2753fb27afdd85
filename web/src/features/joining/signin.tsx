/** Coming back, or a further device: factors, how this browser keeps its key, and the recovery key where it is needed. */
import { Fingerprint } from "lucide-react";
import { useEffect, useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import type { Keep, MadePasskey, Standing, Told } from "../../client/api";
import { Button } from "../../ui/button";
import { Checkbox } from "../../ui/choice";
import { PasswordField, TextField } from "../../ui/field";
import { Progress } from "../../ui/waiting";
import { useWords } from "../../words/words";
import { credentialOf } from "./credential";
import { CustodyChoice, keepOf, UNDECIDED } from "./custody";
import { Door } from "./door";
import styles from "./door.module.css";

export function SignIn(props: {
  way: "passkey" | "password";
  made: MadePasskey | null;
  onMade: (made: MadePasskey | null) => void;
  onBack: () => void;
  onStanding: (standing: Standing) => void;
}) {
  const words = useWords();
  const { client, passkeys } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const [account, setAccount] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [recoveryKey, setRecoveryKey] = useState("");
  const [isLost, setLost] = useState(false);
  const [chosen, setChosen] = useState(UNDECIDED);
  const isByPasskey = props.way === "passkey";
  // A passkey without PRF opens neither the vault nor this browser's store.
  const needsKey =
    !isByPasskey || (props.made !== null && !props.made.vaultSecret) || refusal?.code === "RecoveryKeyNeeded";
  const needsCustody = !isByPasskey || (props.made !== null && !props.made.storeSecret);

  const recover = async (made: MadePasskey | null) => {
    const keep = keepBy(made) ?? keepOf(chosen);
    if (!keep) return;
    const proof = made ? { passkey: made } : { account: account.trim(), password, code: code.trim() };
    props.onStanding(await client.recover(keep, proof, recoveryKey.trim() || null, isLost));
  };
  const go = () =>
    run(async () => {
      if (!isByPasskey) return recover(null);
      // An assertion is good once: after a refusal a new one is made.
      const made = props.made && !refusal ? props.made : await passkeys.use(await client.recoverOptions());
      props.onMade(made);
      if (made.storeSecret && (made.vaultSecret || recoveryKey.trim())) await recover(made);
      else if (props.made) await recover(made);
    });

  const isReady = isByPasskey
    ? props.made === null ||
      ((!needsCustody || keepOf(chosen) !== null) && (!needsKey || recoveryKey.trim() !== ""))
    : account.trim() !== "" &&
      password !== "" &&
      code.trim() !== "" &&
      recoveryKey.trim() !== "" &&
      keepOf(chosen) !== null;

  return (
    <Door title={isByPasskey ? words.welcome.passkey : words.signIn.title}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {!isByPasskey && (
          <>
            <TextField
              label={words.signIn.account}
              value={account}
              onChange={setAccount}
              autoComplete="username"
              autoFocus
            />
            <PasswordField
              label={words.signIn.password}
              value={password}
              onChange={setPassword}
              show={words.show}
              hide={words.hide}
              autoComplete="current-password"
            />
            <TextField
              label={words.signIn.code}
              value={code}
              onChange={setCode}
              help={words.signIn.codeHelp}
              autoComplete="one-time-code"
              isMono
            />
          </>
        )}
        {needsKey && (
          <TextField
            label={words.signIn.recoveryKey}
            value={recoveryKey}
            onChange={setRecoveryKey}
            help={words.signIn.recoveryHelp}
            placeholder="XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX"
            isMono
          />
        )}
        {needsCustody && <CustodyChoice chosen={chosen} onChange={setChosen} />}
        <Checkbox isOn={isLost} onChange={setLost}>
          {words.signIn.lost}
          <br />
          <span className={styles.soft}>{words.signIn.lostMore}</span>
        </Checkbox>
        <Refused refusal={refusal} />
        {isBusy && <Working />}
        <div className={styles.row}>
          <Button onPress={props.onBack} isDisabled={isBusy}>
            {words.back}
          </Button>
          <Button
            type="submit"
            weight="primary"
            isDisabled={!isReady}
            isBusy={isBusy}
            icon={isByPasskey && <Fingerprint size={18} aria-hidden />}
          >
            {words.signIn.go}
          </Button>
        </div>
      </form>
    </Door>
  );
}

/** How far coming back is, as the host tells it. */
function Working() {
  const words = useWords();
  const { client } = useTools();
  const [told, setTold] = useState<Extract<Told, { kind: "progress" }> | null>(null);
  useEffect(() => client.subscribe((now) => now.kind === "progress" && setTold(now)), [client]);
  const value = told?.of ? Math.round((100 * told.done) / told.of) : null;
  return <Progress label={told ? words.signIn.steps[told.step] : words.signIn.working} value={value} />;
}

/** A passkey that can keep the store's key does; null: something else must. */
export function keepBy(made: MadePasskey | null): Keep | null {
  return made?.storeSecret
    ? { custody: "passkey", credential: credentialOf(made), secret: made.storeSecret }
    : null;
}
