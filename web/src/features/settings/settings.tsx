/** How this browser shows things, when it locks, and how to leave it. */
import { ChevronRight, Lock, LogOut } from "lucide-react";
import { useState } from "react";
import { useDoing, useHere, useTools } from "../../app/here";
import { Page, Row, Rows, Section } from "../../app/page";
import { type Preferences, prefer, usePreferences } from "../../app/preferences";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import { Button } from "../../ui/button";
import { Select, Switch } from "../../ui/choice";
import { TextField } from "../../ui/field";
import { toast } from "../../ui/toast";
import { LANGUAGES, type Language, useWords } from "../../words/words";
import { Forget } from "../joining/unlock";
import styles from "./settings.module.css";

declare const __VERSION__: string;
const MINUTES = ["0", "1", "5", "15", "30", "60"] as const;

export function SettingsPage() {
  const words = useWords();
  const { client } = useTools();
  const { me } = useHere();
  const [isForgetting, setForgetting] = useState(false);
  return (
    <Page title={words.settings.title}>
      <Naming />
      <Look />
      <Privacy />
      <Section title={words.settings.browser} more={words.settings.forgetMore}>
        <div className={styles.row}>
          {me.custody !== "browser" && (
            <Button icon={<Lock size={16} aria-hidden />} onPress={() => void client.lock()}>
              {words.settings.lockNow}
            </Button>
          )}
          <Button weight="danger" icon={<LogOut size={16} aria-hidden />} onPress={() => setForgetting(true)}>
            {words.settings.forget}
          </Button>
        </div>
      </Section>
      <More />
      <p className={styles.soft}>{words.settings.version(__VERSION__)}</p>
      <Forget isOpen={isForgetting} onClose={() => setForgetting(false)} onStanding={() => {}} revoke />
    </Page>
  );
}

function Naming() {
  const words = useWords();
  const { client } = useTools();
  const { me, person } = useHere();
  const known = person(me.user)?.name || me.name;
  const [name, setName] = useState(known);
  const { isBusy, refusal, run } = useDoing();
  const isChanged = name.trim() !== "" && name.trim() !== known;
  return (
    <Section title={words.settings.you}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (isChanged)
            void run(async () => {
              await client.rename(name.trim());
              toast(words.details.saved);
            });
        }}
      >
        <TextField
          label={words.settings.name}
          value={name}
          onChange={setName}
          maxLength={64}
          help={words.join.nameHelp}
        />
        <Refused refusal={refusal} />
        {isChanged && (
          <div>
            <Button type="submit" weight="primary" isBusy={isBusy}>
              {words.save}
            </Button>
          </div>
        )}
      </form>
    </Section>
  );
}

function Look() {
  const words = useWords().settings;
  const preferred = usePreferences();
  const languages: { value: Preferences["language"]; label: string }[] = [
    { value: "system", label: words.languageSystem },
    ...Object.entries(LANGUAGES).map(([value, label]) => ({ value: value as Language, label })),
  ];
  return (
    <Section title={words.look}>
      <div className={styles.fields}>
        <Select
          label={words.theme}
          value={preferred.theme}
          onChange={(theme) => prefer({ theme })}
          options={[
            { value: "system", label: words.themes.system },
            { value: "light", label: words.themes.light },
            { value: "dark", label: words.themes.dark },
          ]}
        />
        <Select
          label={words.language}
          value={preferred.language}
          onChange={(language) => prefer({ language })}
          options={languages}
        />
      </div>
      <div>
        <Switch
          label={words.contrast}
          isOn={preferred.contrast === "more"}
          onChange={(isOn) => prefer({ contrast: isOn ? "more" : "system" })}
        />
        <Switch
          label={words.density}
          more={words.densityMore}
          isOn={preferred.density === "compact"}
          onChange={(isOn) => prefer({ density: isOn ? "compact" : "comfortable" })}
        />
      </div>
    </Section>
  );
}

function Privacy() {
  const words = useWords().settings;
  const { me } = useHere();
  const preferred = usePreferences();
  return (
    <Section title={words.privacy}>
      <Switch
        label={words.present}
        isOn={preferred.isPresent}
        onChange={(isPresent) => prefer({ isPresent })}
      />
      {me.custody !== "browser" && (
        <Select
          label={words.lockAfter}
          value={String(preferred.lockAfterMinutes)}
          onChange={(minutes) => prefer({ lockAfterMinutes: Number(minutes) })}
          options={MINUTES.map((each) => ({
            value: each as string,
            label: each === "0" ? words.never : words.minutes(Number(each)),
          }))}
        />
      )}
    </Section>
  );
}

function More() {
  const words = useWords();
  const router = useRouter();
  const pages = [
    ["devices", words.devices.title],
    ["alarms", words.alarmPage.title],
    ["server", words.server.title],
    ["people", words.people.title],
  ] as const;
  return (
    <Section title={words.settings.pages}>
      <Rows>
        {pages.map(([name, title]) => (
          <Row
            key={name}
            title={title}
            onOpen={() => router.go(name, {})}
            end={<ChevronRight size={16} aria-hidden className={styles.arrow} />}
          />
        ))}
      </Rows>
    </Section>
  );
}
