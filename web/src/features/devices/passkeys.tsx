/** One's passkeys: made, shown, removed. */
import { Fingerprint } from "lucide-react";
import { useState } from "react";
import { useAsked } from "../../app/asked";
import { useDoing, useTools } from "../../app/here";
import { Row, Rows, Section } from "../../app/page";
import { Refused } from "../../app/refused";
import type { Passkey } from "../../client/api";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/field";
import { toast } from "../../ui/toast";
import { useForms, useWords } from "../../words/words";
import { useStepUp } from "../people/stepup";

export function Passkeys() {
  const words = useWords();
  const forms = useForms();
  const { client, passkeys } = useTools();
  const asked = useAsked(client, "passkeys");
  const { isBusy, refusal, run } = useDoing();
  const { guarded, dialog } = useStepUp();
  const [name, setName] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const add = (called: string) =>
    run(async () => {
      const options = await guarded(() => client.passkeyOptions());
      const made = await passkeys.make(options, called);
      await guarded(() => client.addPasskey({ ...made, name: called }));
      setName(null);
      toast(words.devices.passkeyAdded);
      asked.again();
    });
  const remove = (passkey: Passkey) =>
    run(async () => {
      setRemoving(null);
      await guarded(() => client.removePasskey(passkey.id));
      toast(words.devices.removed);
      asked.again();
    });
  return (
    <Section
      title={words.devices.passkeys}
      actions={
        passkeys.isThere && (
          <Button icon={<Fingerprint size={16} aria-hidden />} onPress={() => setName("")}>
            {words.devices.addPasskey}
          </Button>
        )
      }
    >
      <Refused refusal={asked.refusal ?? (name === null ? refusal : null)} onAgain={asked.again} />
      {asked.value && asked.value.length > 0 && (
        <Rows>
          {asked.value.map((passkey) => (
            <Row
              key={passkey.id}
              icon={<Fingerprint size={20} aria-hidden />}
              title={
                <>
                  <bdi>{passkey.name}</bdi>
                  <Badge tone="outline">
                    {passkey.isSynced ? words.devices.synced : words.devices.unsynced}
                  </Badge>
                </>
              }
              more={
                <>
                  {passkey.opensVault ? words.devices.opensVault : words.devices.opensNothing} ·{" "}
                  {passkey.lastUsedDay
                    ? words.devices.used(forms.date(Date.parse(passkey.lastUsedDay)))
                    : words.devices.notUsed}
                  {passkey.alarmAtMs !== null && (
                    <>
                      <br />
                      <strong>{words.devices.alarm}</strong>
                    </>
                  )}
                </>
              }
              end={<Button onPress={() => setRemoving(passkey)}>{words.devices.removePasskey}</Button>}
            />
          ))}
        </Rows>
      )}
      {name !== null && (
        <Dialog title={words.devices.addPasskey} close={words.close} isOpen onClose={() => setName(null)}>
          <TextField
            label={words.devices.passkeyName}
            value={name}
            onChange={setName}
            autoFocus
            maxLength={64}
          />
          <Refused refusal={refusal} />
          <Button weight="primary" isBusy={isBusy} isDisabled={!name.trim()} onPress={() => add(name.trim())}>
            {words.devices.addPasskey}
          </Button>
        </Dialog>
      )}
      {removing && (
        <Dialog
          title={words.devices.removePasskeyTitle}
          close={words.close}
          isOpen
          onClose={() => setRemoving(null)}
          isAlert
          actions={
            <>
              <Button onPress={() => setRemoving(null)}>{words.cancel}</Button>
              <Button weight="danger" onPress={() => remove(removing)}>
                {words.devices.removePasskey}
              </Button>
            </>
          }
        >
          <p>{words.devices.removePasskeyWords}</p>
        </Dialog>
      )}
      {dialog}
    </Section>
  );
}
