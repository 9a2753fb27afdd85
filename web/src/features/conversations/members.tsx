/** The people of a conversation with their roles, and what may be done with each. */
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useDoing, useHere, useTools } from "../../app/here";
import { Row, Rows } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Conversation, ConversationRole, Person } from "../../client/api";
import { Avatar } from "../../ui/avatar";
import { Badge } from "../../ui/badge";
import { Button, IconButton } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { isolated } from "../../ui/links";
import { type Entry, Menu } from "../../ui/menu";
import { Name } from "../../ui/name";
import { toast } from "../../ui/toast";
import { TrustMark } from "../../ui/trust";
import { useWords } from "../../words/words";
import { trustOf } from "../people/trust";

const ROLES: ConversationRole[] = ["owner", "moderator", "member"];

export function Members({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const { me, person } = useHere();
  const { isBusy, refusal, run } = useDoing();
  const [leaving, setLeaving] = useState<Person | null>(null);
  const isFixed = conversation.kind === "direct" || conversation.kind === "general";
  const isOwner = conversation.role === "owner";
  const mayRemove = !isFixed && (isOwner || conversation.role === "moderator");
  const found = conversation.people
    .map((id) => person(id))
    .filter((each): each is Person => each !== undefined);

  const entriesFor = (each: Person): (Entry | null)[] => {
    const role = conversation.roles[each.id] ?? "member";
    const roles =
      isOwner && !isFixed && role !== "guest"
        ? ROLES.map((to) => ({
            id: to,
            label: words.conversationRoles[to],
            isOn: to === role,
            onAction: () => void run(() => client.setConversationRole(conversation.id, each.id, to)),
          }))
        : [];
    if (!mayRemove) return roles;
    const line = roles.length > 0 ? [null] : [];
    return [
      ...roles,
      ...line,
      { id: "remove", label: words.details.remove, isDanger: true, onAction: () => setLeaving(each) },
    ];
  };
  const remove = (each: Person) =>
    run(async () => {
      await client.remove(conversation.id, [each.id]);
      toast(words.details.removed);
      setLeaving(null);
    });
  return (
    <>
      <Refused refusal={refusal} />
      <Rows>
        {found.map((each) => {
          const role = conversation.roles[each.id];
          const entries = each.id === me.user ? [] : entriesFor(each);
          return (
            <Row
              key={each.id}
              icon={<Avatar id={each.id} name={each.name || each.account} size={28} isBot={each.isBot} />}
              title={
                <>
                  <Name name={each.name || each.account} warning={words.oddName} />
                  {each.isBot && <Badge tone="outline">{words.bot}</Badge>}
                  {role && role !== "member" && <Badge tone="outline">{words.conversationRoles[role]}</Badge>}
                </>
              }
              more={
                each.id === me.user ? (
                  words.you
                ) : (
                  <TrustMark level={trustOf(each)} words={words.trust[trustOf(each)]} isPlain />
                )
              }
              onOpen={() => router.go("person", { id: each.id })}
              end={
                entries.length > 0 && (
                  <Menu
                    label={words.more}
                    entries={entries}
                    button={
                      <IconButton label={`${words.more}: ${each.name || each.account}`} isSmall>
                        <Ellipsis size={16} />
                      </IconButton>
                    }
                  />
                )
              }
            />
          );
        })}
      </Rows>
      {leaving && (
        <Dialog
          title={words.details.removeTitle(isolated(leaving.name || leaving.account))}
          close={words.close}
          isOpen
          onClose={() => setLeaving(null)}
          isAlert
          actions={
            <>
              <Button onPress={() => setLeaving(null)}>{words.cancel}</Button>
              <Button weight="danger" isBusy={isBusy} onPress={() => remove(leaving)}>
                {words.details.remove}
              </Button>
            </>
          }
        >
          <p>{words.details.removeWords}</p>
        </Dialog>
      )}
    </>
  );
}
