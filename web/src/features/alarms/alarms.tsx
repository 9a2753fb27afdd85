/** What did not add up, in words, each with what to do. */
import { useEffect } from "react";
import { useHere } from "../../app/here";
import { Page } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Alarm, Conversation } from "../../client/api";
import { Banner } from "../../ui/banner";
import { Button } from "../../ui/button";
import { isolated } from "../../ui/links";
import { EmptyState } from "../../ui/waiting";
import { ALARMS, type AlarmKind } from "../../words/codes";
import { useForms, useWords } from "../../words/words";
import styles from "./alarms.module.css";
import { useAlarms } from "./unseen";

export function AlarmsPage({ conversations }: { conversations: readonly Conversation[] }) {
  const words = useWords();
  const { alarms, refusal, again, value, markSeen } = useAlarms();
  useEffect(markSeen, [markSeen]);
  return (
    <Page title={words.alarmPage.title} intro={alarms.length > 0 && words.alarmPage.intro}>
      <Refused refusal={refusal} onAgain={again} />
      {value && alarms.length === 0 && (
        <EmptyState title={words.alarmPage.none}>{words.alarmPage.noneMore}</EmptyState>
      )}
      {alarms
        .toSorted((one, other) => other.atMs - one.atMs)
        .map((alarm) => (
          <One
            key={`${alarm.kind} ${alarm.atMs} ${alarm.words}`}
            alarm={alarm}
            conversations={conversations}
          />
        ))}
    </Page>
  );
}

function One({ alarm, conversations }: { alarm: Alarm; conversations: readonly Conversation[] }) {
  const words = useWords();
  const forms = useForms();
  const router = useRouter();
  const { nameOf } = useHere();
  const isKnown = (ALARMS as readonly string[]).includes(alarm.kind);
  const [means, todo] = isKnown ? words.alarms[alarm.kind as AlarmKind] : words.unknownAlarm;
  const where = conversations.find((each) => each.id === alarm.conversation);
  const { person, conversation } = alarm;
  return (
    <Banner
      tone="care"
      title={means}
      actions={
        <>
          {person && (
            <Button onPress={() => router.go("verify", { id: person })}>{words.alarmPage.compare}</Button>
          )}
          {conversation && where && (
            <Button onPress={() => router.go("conversation", { id: conversation })}>
              {words.alarmPage.look}
            </Button>
          )}
        </>
      }
    >
      <p>{todo}</p>
      <p className={styles.small}>
        {forms.whole(alarm.atMs)}
        {where && ` · ${words.alarmPage.in(isolated(where.title))}`}
        {person && ` · ${words.alarmPage.about(isolated(nameOf(person)))}`}
      </p>
      {alarm.words && (
        <details className={styles.small}>
          <summary>{words.standing.details}</summary>
          {alarm.kind}: {alarm.words}
        </details>
      )}
    </Banner>
  );
}
