/** What one sets of a conversation: for oneself, and, by whom it is allowed to, for everybody. */
import { useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { Section } from "../../app/page";
import { Refused } from "../../app/refused";
import type { Conversation } from "../../client/api";
import { Button } from "../../ui/button";
import { Switch } from "../../ui/choice";
import { TextField } from "../../ui/field";
import { toast } from "../../ui/toast";
import { useWords } from "../../words/words";
import styles from "./details.module.css";

export function ConversationSettings({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const { id, kind } = conversation;
  const manages = conversation.role === "owner" || conversation.role === "moderator";
  const mayName =
    kind !== "direct" && kind !== "general" && conversation.mayPost && (manages || !conversation.isModerated);
  const settings = kind === "channel" || kind === "group" ? manages : false;
  const set = (given: Parameters<typeof client.setSettings>[1]) =>
    void run(() => client.setSettings(id, given));
  return (
    <Section title={words.details.settings}>
      <Refused refusal={refusal} />
      <div>
        <Switch
          label={words.details.pin}
          isOn={conversation.isPinned}
          onChange={(isOn) => void run(() => client.pinConversation(id, isOn))}
        />
        <Switch
          label={words.details.mute}
          more={words.details.muteMore}
          isOn={conversation.isMuted}
          onChange={(isOn) => void run(() => client.mute(id, isOn))}
        />
        {settings && kind === "channel" && (
          <>
            <Switch
              label={words.details.openSetting}
              isOn={conversation.isOpen}
              isDisabled={isBusy}
              onChange={(open) => set({ open })}
            />
            <Switch
              label={words.details.announcementSetting}
              isOn={conversation.isAnnouncement}
              isDisabled={isBusy}
              onChange={(announcement) => set({ announcement })}
            />
          </>
        )}
        {settings && (
          <>
            <Switch
              label={words.details.guestsSetting}
              isOn={conversation.takesGuests}
              isDisabled={isBusy}
              onChange={(guests) => set({ guests })}
            />
            <Switch
              label={words.details.moderatedSetting}
              isOn={conversation.isModerated}
              isDisabled={isBusy}
              onChange={(moderated) => set({ moderated })}
            />
          </>
        )}
      </div>
      {mayName && <Naming conversation={conversation} />}
    </Section>
  );
}

function Naming({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const { client } = useTools();
  const { isBusy, refusal, run } = useDoing();
  const [title, setTitle] = useState(conversation.title);
  const [topic, setTopic] = useState(conversation.topic);
  const isChanged = title.trim() !== conversation.title || topic.trim() !== conversation.topic;
  const save = () =>
    run(async () => {
      const { id } = conversation;
      if (title.trim() !== conversation.title) await client.send(id, { type: "title", text: title.trim() });
      if (topic.trim() !== conversation.topic) await client.send(id, { type: "topic", text: topic.trim() });
      toast(words.details.saved);
    });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isChanged) void save();
      }}
    >
      <TextField label={words.details.name} value={title} onChange={setTitle} maxLength={120} />
      <TextField label={words.details.topic} value={topic} onChange={setTopic} maxLength={240} />
      <Refused refusal={refusal} />
      {isChanged && (
        <Button type="submit" weight="primary" isBusy={isBusy}>
          {words.save}
        </Button>
      )}
    </form>
  );
}
