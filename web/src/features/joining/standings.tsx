/** The pages of a browser that cannot go on by itself: opening, signed out, damaged, unable. */
import { useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import type { Standing } from "../../client/api";
import { Banner } from "../../ui/banner";
import { Button } from "../../ui/button";
import { Checkbox } from "../../ui/choice";
import { useLate } from "../../ui/waiting";
import { useWords } from "../../words/words";
import { Door, Mark } from "./door";
import styles from "./door.module.css";

export function Opening() {
  const words = useWords();
  const isLate = useLate();
  return (
    <main className={styles.opening}>
      {isLate && (
        <div className={styles.pulse} role="status" aria-label={words.standing.opening}>
          <Mark />
        </div>
      )}
    </main>
  );
}

type Ended = Extract<Standing, { kind: "ended" }>;

export function Ended({
  standing,
  onStanding,
}: {
  standing: Ended;
  onStanding: (standing: Standing) => void;
}) {
  const words = useWords();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const next = () =>
    run(async () => {
      onStanding(await client.forget(false));
    });
  return (
    <Door title={words.standing.endedTitle}>
      {standing.words && <p>{standing.words}</p>}
      <p className={styles.soft}>{words.standing.ended}</p>
      <Refused refusal={refusal} />
      <Button weight="primary" isWide onPress={next} isBusy={isBusy}>
        {words.standing.endedNext}
      </Button>
    </Door>
  );
}

export function Damaged(props: { words: string; onStanding: (standing: Standing) => void }) {
  const words = useWords();
  const { client } = useTools();
  const [isSure, setSure] = useState(false);
  const { isBusy, refusal, run } = useDoing();
  return (
    <Door title={words.standing.damagedTitle}>
      <p>{words.standing.damaged}</p>
      <Details text={props.words} />
      <Button weight="primary" isWide onPress={() => location.reload()}>
        {words.standing.reload}
      </Button>
      <hr className={styles.rule} />
      <Checkbox isOn={isSure} onChange={setSure}>
        {words.standing.damagedSure}
      </Checkbox>
      <Refused refusal={refusal} />
      <Button
        weight="danger"
        isWide
        isDisabled={!isSure}
        isBusy={isBusy}
        onPress={() => run(async () => props.onStanding(await client.forget(false)))}
      >
        {words.standing.damagedForget}
      </Button>
    </Door>
  );
}

export function Unable(props: { words: string }) {
  const words = useWords();
  return (
    <Door title={words.standing.unableTitle}>
      <p>{words.standing.unable}</p>
      <Banner tone="info">
        <p>{words.standing.unableTodo}</p>
      </Banner>
      <Details text={props.words} />
      <Button isWide onPress={() => location.reload()}>
        {words.standing.reload}
      </Button>
    </Door>
  );
}

function Details({ text }: { text: string }) {
  const words = useWords();
  if (!text) return null;
  return (
    <details className={styles.soft}>
      <summary>{words.standing.details}</summary>
      <p>{text}</p>
    </details>
  );
}
