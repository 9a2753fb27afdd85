/** A new conversation: with one person, with several, or a channel. */
import { useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { Page } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Hex } from "../../client/api";
import { Button } from "../../ui/button";
import { RadioGroup, Switch } from "../../ui/choice";
import { TextField } from "../../ui/field";
import { useWords } from "../../words/words";
import { PeoplePicker } from "../people/picker";
import styles from "./create.module.css";

type Kind = "direct" | "group" | "channel";
const NOBODY: Hex[] = [];

export function CreatePage() {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const [kind, setKind] = useState<Kind>("direct");
  const [people, setPeople] = useState<Hex[]>([]);
  const [title, setTitle] = useState("");
  const [topic, setTopic] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [isAnnouncement, setAnnouncement] = useState(false);
  const isReady =
    kind === "direct" ? people.length === 1 : kind === "group" ? people.length > 0 : title.trim() !== "";
  const create = () =>
    run(async () => {
      const more = {
        ...(topic.trim() && kind !== "direct" ? { topic: topic.trim() } : {}),
        ...(kind === "channel" ? { open: isOpen, announcement: isAnnouncement } : {}),
      };
      const id = await client.create(kind, kind === "direct" ? null : title.trim() || null, people, more);
      router.replace("conversation", { id });
    });
  return (
    <Page
      title={words.create.title}
      actions={<Button onPress={() => router.go("channels", {})}>{words.create.openChannels}</Button>}
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void create();
        }}
      >
        <RadioGroup<Kind>
          label={words.create.kind}
          value={kind}
          isRow
          onChange={(now) => {
            setKind(now);
            setPeople(now === "direct" ? people.slice(0, 1) : people);
          }}
          options={[
            { value: "direct", label: words.create.direct, more: words.create.directMore },
            { value: "group", label: words.create.group, more: words.create.groupMore },
            { value: "channel", label: words.create.channel, more: words.create.channelMore },
          ]}
        />
        {kind !== "direct" && (
          <>
            <TextField
              label={kind === "channel" ? words.create.name : words.create.nameOptional}
              value={title}
              onChange={setTitle}
              maxLength={120}
            />
            <TextField label={words.create.topic} value={topic} onChange={setTopic} maxLength={240} />
          </>
        )}
        {kind === "channel" && (
          <div>
            <Switch label={words.create.open} more={words.create.openMore} isOn={isOpen} onChange={setOpen} />
            <Switch
              label={words.create.announcement}
              more={words.create.announcementMore}
              isOn={isAnnouncement}
              onChange={setAnnouncement}
            />
          </div>
        )}
        <PeoplePicker
          label={words.create.who}
          chosen={people}
          onChange={setPeople}
          without={NOBODY}
          isSingle={kind === "direct"}
        />
        <Refused refusal={refusal} />
        <div>
          <Button type="submit" weight="primary" isBusy={isBusy} isDisabled={!isReady}>
            {words.create.go}
          </Button>
        </div>
      </form>
    </Page>
  );
}
