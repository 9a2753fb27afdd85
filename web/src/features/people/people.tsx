/** Everybody here; for administrators also invitations, and who was last here when. */
import { UserPlus } from "lucide-react";
import { useMemo, useState } from "react";
import { useAsked } from "../../app/asked";
import { useDoing, useHere, useTools } from "../../app/here";
import { Page, Row, Rows, Section } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Account, Person } from "../../client/api";
import { Avatar } from "../../ui/avatar";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { SearchField } from "../../ui/field";
import { isolated } from "../../ui/links";
import { Name } from "../../ui/name";
import { toast } from "../../ui/toast";
import { TrustMark } from "../../ui/trust";
import { EmptyState } from "../../ui/waiting";
import { useForms, useWords } from "../../words/words";
import { InviteDialog } from "./invite";
import { trustOf } from "./trust";

export function isAdministrator(role: string): boolean {
  return role === "owner" || role === "administrator";
}

export function PeoplePage() {
  const words = useWords();
  const { me, people } = useHere();
  const [query, setQuery] = useState("");
  const [isInviting, setInviting] = useState(false);
  const mayInvite = isAdministrator(me.role);
  const shown = useMemo(() => {
    const asked = query.trim().toLocaleLowerCase();
    return people
      .filter((each) => `${each.name} ${each.account}`.toLocaleLowerCase().includes(asked))
      .sort(
        (one, other) =>
          Number(one.isSuspended) - Number(other.isSuspended) || one.name.localeCompare(other.name),
      );
  }, [people, query]);
  return (
    <Page
      title={words.people.title}
      actions={
        mayInvite && (
          <Button
            weight="primary"
            icon={<UserPlus size={16} aria-hidden />}
            onPress={() => setInviting(true)}
          >
            {words.people.invite}
          </Button>
        )
      }
    >
      <SearchField label={words.people.find} value={query} onChange={setQuery} clear={words.clear} />
      {mayInvite && !query && <Invitations />}
      {shown.length === 0 ? (
        <EmptyState title={words.people.none} />
      ) : mayInvite ? (
        <WithAccounts people={shown} />
      ) : (
        <PersonRows people={shown} />
      )}
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  );
}

function WithAccounts({ people }: { people: Person[] }) {
  const { client } = useTools();
  const accounts = useAsked(client, "accounts").value;
  const byUser = useMemo(() => new Map(accounts?.map((each) => [each.user, each])), [accounts]);
  return <PersonRows people={people} accounts={byUser} />;
}

function PersonRows({ people, accounts }: { people: Person[]; accounts?: ReadonlyMap<string, Account> }) {
  const words = useWords();
  const forms = useForms();
  const router = useRouter();
  const { me } = useHere();
  return (
    <Rows label={words.people.title}>
      {people.map((person) => {
        const account = accounts?.get(person.id);
        const seen =
          account &&
          (account.lastSeenDay
            ? words.people.seen(forms.date(Date.parse(account.lastSeenDay)))
            : words.people.neverSeen);
        return (
          <Row
            key={person.id}
            icon={
              <Avatar
                id={person.id}
                name={person.name || person.account}
                isBot={person.isBot}
                presence={person.presence}
                {...(person.presence ? { presenceWords: words.presence[person.presence] } : {})}
              />
            }
            title={
              <>
                <Name name={person.name || person.account} warning={words.oddName} />
                {person.id === me.user && <Badge tone="outline">{words.you}</Badge>}
                {person.isBot && <Badge tone="outline">{words.bot}</Badge>}
                {person.role !== "member" && <Badge tone="outline">{words.roles[person.role]}</Badge>}
                {person.isSuspended && <Badge tone="danger">{words.people.stopped}</Badge>}
              </>
            }
            more={
              <>
                <bdi>{person.account}</bdi>
                {seen && ` · ${seen}`}
                {account && !account.hasSecondFactor && !person.isBot && ` · ${words.people.noFactor}`}
              </>
            }
            end={<TrustMark level={trustOf(person)} words={words.trust[trustOf(person)]} />}
            onOpen={() => router.go("person", { id: person.id })}
          />
        );
      })}
    </Rows>
  );
}

function Invitations() {
  const words = useWords();
  const forms = useForms();
  const { client } = useTools();
  const { nameOf } = useHere();
  const asked = useAsked(client, "invitations");
  const { refusal, run, isBusy } = useDoing();
  const open = asked.value?.filter((each) => each.state === "open" || each.state === "expired") ?? [];
  if (open.length === 0) return <Refused refusal={asked.refusal} onAgain={asked.again} />;
  const withdraw = (id: string) =>
    run(async () => {
      await client.withdraw(id);
      toast(words.people.withdrawn);
      asked.again();
    });
  return (
    <Section title={words.people.invitations}>
      <Refused refusal={refusal} />
      <Rows>
        {open.map((each) => {
          const isOver = each.expiresAtMs !== null && each.expiresAtMs < Date.now();
          return (
            <Row
              key={each.id}
              title={<bdi>{each.account}</bdi>}
              more={
                <>
                  {words.roles[each.role]} · {words.people.invitedBy(isolated(nameOf(each.by)))} ·{" "}
                  {isOver
                    ? words.people.ranOut
                    : each.expiresAtMs !== null && words.people.runsOut(forms.ago(each.expiresAtMs))}
                </>
              }
              end={
                !isOver && (
                  <Button isDisabled={isBusy} onPress={() => withdraw(each.id)}>
                    {words.people.withdraw}
                  </Button>
                )
              }
            />
          );
        })}
      </Rows>
    </Section>
  );
}
