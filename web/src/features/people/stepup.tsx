/** A dangerous act asks for a factor once more: what was refused for it is asked again after it was shown. */
import { Fingerprint } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { refusalOf } from "../../app/refusal";
import { Refused } from "../../app/refused";
import type { Act } from "../../client/api";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { PasswordField, TextField } from "../../ui/field";
import { useWords } from "../../words/words";

interface Waiting {
  act: Act;
  proved: () => void;
  stopped: (why: unknown) => void;
}

/** guarded(work): runs it, and once more when a factor was shown for it. dialog: to be rendered. */
export function useStepUp() {
  const [act, setAct] = useState<Act | null>(null);
  const waiting = useRef<Waiting | null>(null);

  const guarded = useCallback(async <Value,>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code !== "StepUpRequired" || !refusal.act) throw error;
      const needed = refusal.act;
      await new Promise<void>((proved, stopped) => {
        waiting.current = { act: needed, proved, stopped };
        setAct(needed);
      });
      return await work();
    }
  }, []);
  const dialog = act && (
    <StepUp
      act={act}
      onProved={() => {
        setAct(null);
        waiting.current?.proved();
      }}
      onClose={() => {
        setAct(null);
        waiting.current?.stopped({ code: "StepUpRequired", words: "" });
      }}
    />
  );
  return { guarded, dialog };
}

export function StepUp(props: { act: Act; onProved: () => void; onClose: () => void }) {
  const words = useWords();
  const { client, passkeys } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const [isByPassword, setByPassword] = useState(!passkeys.isThere);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");

  const byPasskey = () =>
    run(async () => {
      const options = await client.stepUpOptions(props.act);
      // null: no passkey is registered, only the password can be shown.
      if (!options) return setByPassword(true);
      await client.stepUp(props.act, { passkey: await passkeys.use(options) });
      props.onProved();
    });
  const byPassword = () =>
    run(async () => {
      await client.stepUp(props.act, { password, code: code.trim() });
      props.onProved();
    });
  return (
    <Dialog title={words.step.title} close={words.close} isOpen onClose={props.onClose} isFirm>
      <p>{words.step.words}</p>
      {isByPassword ? (
        <>
          <PasswordField
            label={words.step.password}
            value={password}
            onChange={setPassword}
            show={words.show}
            hide={words.hide}
            autoComplete="current-password"
            autoFocus
          />
          <TextField
            label={words.step.code}
            value={code}
            onChange={setCode}
            help={words.signIn.codeHelp}
            autoComplete="one-time-code"
            isMono
          />
          <Refused refusal={refusal} />
          <Button
            weight="primary"
            isBusy={isBusy}
            isDisabled={!password || !code.trim()}
            onPress={byPassword}
          >
            {words.step.go}
          </Button>
        </>
      ) : (
        <>
          <Refused refusal={refusal} />
          <Button
            weight="primary"
            isBusy={isBusy}
            icon={<Fingerprint size={18} aria-hidden />}
            onPress={byPasskey}
          >
            {words.step.passkey}
          </Button>
          <Button weight="quiet" onPress={() => setByPassword(true)}>
            {words.step.instead}
          </Button>
        </>
      )}
    </Dialog>
  );
}
