/** Comparing numbers with somebody, by eye or by typing and scanning theirs. */
import { useState } from "react";
import { useAsked } from "../../app/asked";
import { useDoing, useHere, useTools } from "../../app/here";
import { Page, Section } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Hex } from "../../client/api";
import { Banner } from "../../ui/banner";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { isolated } from "../../ui/links";
import { QR } from "../../ui/qr";
import { toast } from "../../ui/toast";
import { EmptyState, Skeleton } from "../../ui/waiting";
import { useWords } from "../../words/words";
import styles from "./people.module.css";

export function VerifyPage({ id }: { id: Hex }) {
  const words = useWords();
  const { client } = useTools();
  const { person } = useHere();
  const asked = useAsked(client, "safetyNumber", id);
  const found = person(id);
  if (!found)
    return (
      <Page title={words.person.verify}>
        <EmptyState title={words.person.gone} />
      </Page>
    );
  return (
    <Page title={words.verify.title(isolated(found.name || found.account))} intro={words.verify.how}>
      <Refused refusal={asked.refusal} onAgain={asked.again} />
      {asked.value === undefined && !asked.refusal && <Skeleton label={words.loading} rows={3} />}
      {asked.value !== undefined && <Compare id={id} number={asked.value} />}
    </Page>
  );
}

function Compare({ id, number }: { id: Hex; number: string }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const [differs, setDiffers] = useState(false);
  const [typed, setTyped] = useState("");
  const mark = (compared: string) =>
    run(async () => {
      await client.markVerified(id, compared);
      toast(words.verify.done);
      router.replace("person", { id });
    });
  const groups = number.replace(/\D/g, "").match(/.{1,5}/g) ?? [];
  return (
    <>
      <div className={styles.compare}>
        <p className={styles.number} role="img" aria-label={`${words.verify.number}: ${groups.join(" ")}`}>
          {groups.map((group, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: groups of one number
            <span key={at}>{group}</span>
          ))}
        </p>
        <QR content={groups.join("")} label={words.verify.qr} side={176} />
      </div>
      {differs && (
        <Banner tone="danger" isLive title={words.verify.differTitle}>
          <p>{words.verify.differWords}</p>
        </Banner>
      )}
      <Refused refusal={refusal} />
      <div className={styles.row}>
        <Button weight="primary" isBusy={isBusy} onPress={() => mark(number)}>
          {words.verify.same}
        </Button>
        <Button onPress={() => setDiffers(true)}>{words.verify.differ}</Button>
      </div>
      <Section>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim()) void mark(typed.trim());
          }}
        >
          <TextField label={words.verify.typed} value={typed} onChange={setTyped} isMono />
          <div className={styles.row}>
            <Button type="submit" isDisabled={!typed.trim()} isBusy={isBusy}>
              {words.verify.check}
            </Button>
          </div>
        </form>
      </Section>
    </>
  );
}
