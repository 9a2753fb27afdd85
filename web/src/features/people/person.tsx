/** A person: how we know who it is, their devices, and for administrators what can be done. */
import { MessageSquare, ShieldCheck } from "lucide-react";
import { useMemo } from "react";
import { useDoing, useHere, useTools } from "../../app/here";
import { Page, Row, Rows, Section } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Conversation, Hex, Person } from "../../client/api";
import { Avatar } from "../../ui/avatar";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { isolated } from "../../ui/links";
import { Name } from "../../ui/name";
import { TrustMark } from "../../ui/trust";
import { EmptyState } from "../../ui/waiting";
import { useForms, useWords } from "../../words/words";
import { PersonAdministration } from "./administration";
import { isAdministrator } from "./people";
import styles from "./people.module.css";
import { trustOf } from "./trust";

export function PersonPage({ id, conversations }: { id: Hex; conversations: readonly Conversation[] }) {
  const words = useWords();
  const { person, people, me } = useHere();
  const found = person(id);
  if (!found) {
    return (
      <Page title={words.people.title}>{people.length > 0 && <EmptyState title={words.person.gone} />}</Page>
    );
  }
  const name = found.name || found.account;
  const isMe = found.id === me.user;
  return (
    <Page title={<Name name={name} warning={words.oddName} />}>
      <div className={styles.top}>
        <Avatar id={found.id} name={name} size={64} isBot={found.isBot} presence={found.presence} />
        <div className={styles.who}>
          <p className={styles.name}>
            <Name name={name} warning={words.oddName} />
          </p>
          <p className={styles.soft}>
            {words.person.account(isolated(found.account))}
            {found.presence && ` · ${words.presence[found.presence]}`}
          </p>
          <div className={styles.marks}>
            <TrustMark level={trustOf(found)} words={words.trust[trustOf(found)]} />
            <Badge tone="outline">{found.isBot ? words.bot : words.roles[found.role]}</Badge>
            {found.isSuspended && <Badge tone="danger">{words.people.stopped}</Badge>}
          </div>
        </div>
      </div>
      {!isMe && <Ways person={found} conversations={conversations} />}
      <Path person={found} isMe={isMe} />
      <Devices person={found} />
      {!isMe && isAdministrator(me.role) && <PersonAdministration person={found} />}
    </Page>
  );
}

function Ways({ person, conversations }: { person: Person; conversations: readonly Conversation[] }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const known = conversations.find(
    (each) => each.kind === "direct" && each.people.includes(person.id) && each.state !== "removed",
  );
  const write = () =>
    run(async () => {
      const id = known?.id ?? (await client.create("direct", null, [person.id], {}));
      router.go("conversation", { id });
    });
  return (
    <>
      <div className={styles.row}>
        <Button
          weight="primary"
          icon={<MessageSquare size={16} aria-hidden />}
          isBusy={isBusy}
          isDisabled={person.isSuspended}
          onPress={write}
        >
          {words.person.write}
        </Button>
        {!person.isBot && (
          <Button
            icon={<ShieldCheck size={16} aria-hidden />}
            onPress={() => router.go("verify", { id: person.id })}
          >
            {person.isVerified ? words.person.verifiedAgain : words.person.verify}
          </Button>
        )}
      </div>
      <Refused refusal={refusal} />
    </>
  );
}

/** From this person by who invited whom to the founder. */
function Path({ person, isMe }: { person: Person; isMe: boolean }) {
  const words = useWords();
  const here = useHere();
  const path = useMemo(() => {
    const steps: Person[] = [person];
    let at = person;
    while (at.invitedBy) {
      const inviter = here.person(at.invitedBy);
      if (!inviter || steps.includes(inviter)) break;
      steps.push(inviter);
      at = inviter;
    }
    return steps;
  }, [person, here]);
  const named = (each: Person) => isolated(each.name || each.account);
  return (
    <Section
      title={words.person.path}
      more={isMe ? words.person.pathYou : words.trust.means[trustOf(person)]}
    >
      <ol className={styles.path}>
        {path.map((each, at) => {
          const inviter = path[at + 1];
          return (
            <li key={each.id} className={styles.step}>
              <Avatar id={each.id} name={each.name || each.account} size={28} isBot={each.isBot} />
              <span>
                {inviter
                  ? words.person.pathStep(named(inviter), named(each))
                  : each.invitedBy === null
                    ? words.person.pathFirst(named(each))
                    : named(each)}
              </span>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}

function Devices({ person }: { person: Person }) {
  const words = useWords();
  const forms = useForms();
  return (
    <Section title={words.person.devices}>
      <Rows>
        {person.devices.map((device) => (
          <Row
            key={device.id}
            title={words.person.device(device.id.slice(0, 4).toUpperCase())}
            more={device.addedAtMs !== null && words.person.added(forms.date(device.addedAtMs))}
            end={
              <Badge tone={device.isActive ? "outline" : "quiet"}>
                {device.isActive ? words.person.active : words.person.revoked}
              </Badge>
            }
          />
        ))}
      </Rows>
    </Section>
  );
}
