/** What an administrator can do with a person: role, second factor, deactivate. */
import { useState } from "react";
import { useDoing, useHere, useTools } from "../../app/here";
import { Section } from "../../app/page";
import { Refused } from "../../app/refused";
import type { Person, Role } from "../../client/api";
import { Banner } from "../../ui/banner";
import { Button } from "../../ui/button";
import { Select } from "../../ui/choice";
import { Dialog } from "../../ui/dialog";
import { isolated } from "../../ui/links";
import { toast } from "../../ui/toast";
import { useForms, useWords } from "../../words/words";
import styles from "./people.module.css";
import { useStepUp } from "./stepup";

export function PersonAdministration({ person }: { person: Person }) {
  const words = useWords();
  const forms = useForms();
  const { client } = useTools();
  const { me } = useHere();
  const { isBusy, refusal, run } = useDoing();
  const { guarded, dialog } = useStepUp();
  const [isStopping, setStopping] = useState(false);
  const [reset, setReset] = useState<{ code: string; expiresAtMs: number } | null>(null);
  // An administrator changes members and guests only; an owner everybody.
  const may = me.role === "owner" || person.role === "member" || person.role === "guest";
  if (!may) return null;
  const roles: Role[] =
    me.role === "owner" ? ["owner", "administrator", "member", "guest"] : ["member", "guest"];
  const name = isolated(person.name || person.account);
  const stop = (isSuspended: boolean) =>
    run(async () => {
      setStopping(false);
      await guarded(() => client.suspend(person.id, isSuspended));
      toast(words.details.saved);
    });
  return (
    <Section title={words.person.admin}>
      <Refused refusal={refusal} />
      {!person.isBot && (
        <Select
          label={words.person.role}
          value={person.role}
          isDisabled={isBusy}
          options={roles.map((role) => ({ value: role, label: words.roles[role] }))}
          onChange={(role) =>
            void run(async () => {
              await guarded(() => client.setRole(person.id, role));
              toast(words.details.saved);
            })
          }
        />
      )}
      {reset && (
        <Banner title={words.person.resetCode}>
          <p className={styles.link}>{reset.code}</p>
          <p>{words.person.resetUntil(forms.ago(reset.expiresAtMs))}</p>
        </Banner>
      )}
      <div className={styles.row}>
        {!person.isBot && (
          <Button
            isDisabled={isBusy}
            onPress={() =>
              void run(async () => setReset(await guarded(() => client.resetSecondFactor(person.id))))
            }
          >
            {words.person.resetFactor}
          </Button>
        )}
        {person.isSuspended ? (
          <Button isDisabled={isBusy} onPress={() => stop(false)}>
            {words.person.unstop}
          </Button>
        ) : (
          <Button weight="danger" isDisabled={isBusy} onPress={() => setStopping(true)}>
            {words.person.stop}
          </Button>
        )}
      </div>
      {!person.isBot && <p className={styles.soft}>{words.person.resetFactorWords}</p>}
      <Dialog
        title={words.person.stopTitle(name)}
        close={words.close}
        isOpen={isStopping}
        onClose={() => setStopping(false)}
        isAlert
        actions={
          <>
            <Button onPress={() => setStopping(false)}>{words.cancel}</Button>
            <Button weight="danger" onPress={() => stop(true)}>
              {words.person.stop}
            </Button>
          </>
        }
      >
        <p>{words.person.stopWords}</p>
      </Dialog>
      {dialog}
    </Section>
  );
}
