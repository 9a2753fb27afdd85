/** Who can read a conversation, in words, and what can be done with it. */
import { LogOut, UserPlus } from "lucide-react";
import { useState } from "react";
import { useDoing, useHere, useTools } from "../../app/here";
import { Section } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Conversation, Hex } from "../../client/api";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { toast } from "../../ui/toast";
import { useWords } from "../../words/words";
import { PeoplePicker } from "../people/picker";
import { ConversationSettings } from "./adjust";
import styles from "./details.module.css";
import { Members } from "./members";

export function mayManage(conversation: Conversation): boolean {
  return conversation.role === "owner" || conversation.role === "moderator";
}

export function Details({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const isIn = conversation.state !== "removed";
  const isClosed = conversation.kind === "direct" || conversation.kind === "general";
  const mayAdd =
    isIn &&
    !isClosed &&
    conversation.role !== "guest" &&
    (!conversation.isModerated || mayManage(conversation));
  return (
    <div className={styles.details}>
      <Readers conversation={conversation} />
      {isIn && (
        <Section title={words.details.people} actions={mayAdd && <AddPeople conversation={conversation} />}>
          <Members conversation={conversation} />
        </Section>
      )}
      {isIn && <ConversationSettings conversation={conversation} />}
      {isIn && !isClosed && <Leave conversation={conversation} />}
      <details className={styles.soft}>
        <summary>{words.details.technical}</summary>
        <p>{words.details.technicalWords(conversation.epoch)}</p>
      </details>
    </div>
  );
}

function Readers({ conversation }: { conversation: Conversation }) {
  const words = useWords().details;
  const { me, person } = useHere();
  if (conversation.state === "removed") return <p>{words.left}</p>;
  const unverified = conversation.people.filter(
    (id) => id !== me.user && person(id)?.isVerified === false,
  ).length;
  const says = [
    conversation.kind === "general"
      ? words.readersGeneral
      : words.readers(conversation.people.length, conversation.deviceCount),
    conversation.kind !== "general" && (conversation.isOpen ? words.open : words.closed),
    conversation.takesGuests && words.guests,
    conversation.isAnnouncement && words.announcement,
    conversation.isModerated && words.moderated,
    unverified > 0 && words.unverified(unverified),
  ];
  return (
    <div className={styles.readers}>
      {says.map((sentence) => sentence && <p key={sentence}>{sentence}</p>)}
    </div>
  );
}

function AddPeople({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState<Hex[]>([]);
  const close = () => {
    setOpen(false);
    setChosen([]);
  };
  const add = () =>
    run(async () => {
      await client.add(conversation.id, chosen);
      toast(words.details.added);
      close();
    });
  return (
    <>
      <Button icon={<UserPlus size={16} aria-hidden />} onPress={() => setOpen(true)}>
        {words.details.add}
      </Button>
      <Dialog
        title={words.details.addTitle}
        close={words.close}
        isOpen={isOpen}
        onClose={close}
        actions={
          <>
            <Button onPress={close}>{words.cancel}</Button>
            <Button weight="primary" isBusy={isBusy} isDisabled={chosen.length === 0} onPress={add}>
              {words.details.add}
            </Button>
          </>
        }
      >
        <p>{words.details.addWords}</p>
        <PeoplePicker
          label={words.create.who}
          chosen={chosen}
          onChange={setChosen}
          without={conversation.people}
          takesGuests={conversation.takesGuests}
        />
        <Refused refusal={refusal} />
      </Dialog>
    </>
  );
}

function Leave({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const [isOpen, setOpen] = useState(false);
  const leave = () =>
    run(async () => {
      const isDone = await client.leave(conversation.id);
      setOpen(false);
      if (isDone) router.go("home", {});
      else toast(words.details.leaveLater);
    });
  return (
    <div>
      <Button icon={<LogOut size={16} aria-hidden />} onPress={() => setOpen(true)}>
        {words.details.leave}
      </Button>
      <Dialog
        title={words.details.leaveTitle}
        close={words.close}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        isAlert
        actions={
          <>
            <Button onPress={() => setOpen(false)}>{words.cancel}</Button>
            <Button weight="danger" isBusy={isBusy} onPress={leave}>
              {words.details.leave}
            </Button>
          </>
        }
      >
        <p>{words.details.leaveWords}</p>
        <Refused refusal={refusal} />
      </Dialog>
    </div>
  );
}
