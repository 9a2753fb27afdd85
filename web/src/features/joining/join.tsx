/** From an invitation link to the first conversation, in four steps. Nothing else is asked. */
import { useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Joining, Keep, MadePasskey } from "../../client/api";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Steps } from "../../ui/steps";
import { Progress } from "../../ui/waiting";
import { useWords } from "../../words/words";
import { BackupCodes } from "./backup";
import { CustodyChoice, keepOf, UNDECIDED } from "./custody";
import { Door } from "./door";
import styles from "./door.module.css";
import { Recovery } from "./recovery";
import { Secret } from "./secret";
import { keepBy } from "./signin";
import { codeAt } from "./totp";

export type Proof = { passkey: MadePasskey } | { password: string };

type Stage = "name" | "secret" | "keep" | "recovery" | "finishing" | "vault" | "backup";

export interface JoinProps {
  link: string;
  /** From now on the page stays until onDone. */
  onBegin: () => void;
  onLeave: () => void;
  onDone: () => void;
  /** Where a story begins. */
  start?: { stage: Stage; joining: Joining; proof?: Proof; backupCodes?: string[] };
}

export function Join(props: JoinProps) {
  const words = useWords();
  const router = useRouter();
  const { client, passkeys } = useTools();
  const { isBusy, refusal, run, setRefusal } = useDoing();
  const [stage, setStage] = useState<Stage>(props.start?.stage ?? "name");
  const [name, setName] = useState("");
  const [joining, setJoining] = useState<Joining | null>(props.start?.joining ?? null);
  const [proof, setProof] = useState<Proof | null>(props.start?.proof ?? null);
  const [chosen, setChosen] = useState(UNDECIDED);
  const [backupCodes, setBackupCodes] = useState<string[]>(props.start?.backupCodes ?? []);

  const to = (next: Stage) => {
    setRefusal(null);
    setStage(next);
  };
  const begin = () =>
    run(async () => {
      setJoining(await client.joinBegin(props.link, name.trim()));
      props.onBegin();
      to("secret");
    });
  const proved = (given: Proof) => {
    setProof(given);
    to("passkey" in given && keepBy(given.passkey) ? "recovery" : "keep");
  };
  const enter = () => {
    router.replace("home", {});
    props.onDone();
  };
  const claim = () =>
    run(async () => {
      const keep: Keep | null = (proof && "passkey" in proof && keepBy(proof.passkey)) || keepOf(chosen);
      if (!proof || !joining || !keep) return;
      to("finishing");
      try {
        const factor =
          "passkey" in proof
            ? proof
            : { password: proof.password, code: await codeAt(joining.totpSecret, Date.now()) };
        const claimed = await client.joinClaim(keep, factor);
        setBackupCodes(claimed.backupCodes);
        await client.joinFinish();
        if ("passkey" in proof && proof.passkey.vaultSecret) await openHistory();
        if (claimed.backupCodes.length > 0) setStage("backup");
        else enter();
      } catch (error) {
        setStage("recovery");
        throw error;
      }
    });

  /** The passkey opens the history too, from here on: that is a dangerous act, so it is shown once more. */
  const openHistory = async () => {
    to("vault");
    const options = await client.stepUpOptions("add_passkey");
    // Joined is joined: without it the recovery key opens the history, and the page of devices offers it again.
    if (options)
      await client.stepUp("add_passkey", { passkey: await passkeys.use(options) }).catch(() => undefined);
  };

  const at = { name: 0, secret: 1, keep: 2, recovery: 3, finishing: 3, vault: 3, backup: 4 }[stage];
  const names = words.join.stepNames;
  const before = (
    <Steps said={words.join.steps} names={[names.name, names.secret, names.keep, names.recovery]} at={at} />
  );
  if (stage === "backup")
    return (
      <BackupCodes codes={backupCodes} account={joining?.account ?? ""} before={before} onDone={enter} />
    );
  if (stage === "finishing" || stage === "vault") {
    return (
      <Door before={before} title={words.join.finishing}>
        {stage === "vault" && <p>{words.join.onceMore}</p>}
        <Progress label={words.join.finishing} value={null} isLabelHidden />
      </Door>
    );
  }
  if (stage === "name" || !joining) {
    return (
      <Door before={before} title={words.join.nameTitle}>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) void begin();
          }}
        >
          <TextField
            label={words.join.name}
            value={name}
            onChange={setName}
            help={words.join.nameHelp}
            autoComplete="name"
            maxLength={64}
            autoFocus
          />
          <Refused refusal={refusal} />
          <div className={styles.row}>
            <Button onPress={props.onLeave}>{words.back}</Button>
            <Button type="submit" weight="primary" isBusy={isBusy} isDisabled={!name.trim()}>
              {words.next}
            </Button>
          </div>
        </form>
      </Door>
    );
  }
  if (stage === "secret")
    return (
      <Secret joining={joining} name={name} before={before} onProved={proved} onBack={() => to("name")} />
    );
  if (stage === "keep") {
    return (
      <Door before={before} title={words.join.keepTitle}>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (keepOf(chosen)) to("recovery");
          }}
        >
          <CustodyChoice chosen={chosen} onChange={setChosen} />
          <div className={styles.row}>
            <Button onPress={() => to("secret")}>{words.back}</Button>
            <Button type="submit" weight="primary" isDisabled={!keepOf(chosen)}>
              {words.next}
            </Button>
          </div>
        </form>
      </Door>
    );
  }
  return (
    <Recovery
      joining={joining}
      before={before}
      refusal={refusal}
      isBusy={isBusy}
      onSaved={() => void claim()}
      onSecret={() => to("secret")}
    />
  );
}
