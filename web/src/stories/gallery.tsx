/** Every component of the design system, in all its states. */
import { Bell, Ellipsis, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Spoken } from "../app/app";
import { Avatar, ConversationPicture } from "../ui/avatar";
import { Badge } from "../ui/badge";
import { Banner } from "../ui/banner";
import { Button, IconButton, IconToggle } from "../ui/button";
import { Checkbox, RadioGroup, Select, Switch } from "../ui/choice";
import { Dialog } from "../ui/dialog";
import { CodeField, PasswordField, SearchField, TextArea, TextField } from "../ui/field";
import { Kbd } from "../ui/kbd";
import { Markdown } from "../ui/markdown";
import { Menu, Popover } from "../ui/menu";
import { Name } from "../ui/name";
import { QR } from "../ui/qr";
import { Steps } from "../ui/steps";
import { Tabs } from "../ui/tabs";
import { Toasts, toast } from "../ui/toast";
import { TrustMark } from "../ui/trust";
import { EmptyState, Progress, Skeleton } from "../ui/waiting";
import styles from "./looks.module.css";
import { HOSTILE, PEOPLE } from "./people";

const COLOURS = [
  "ground",
  "bay",
  "raised",
  "sunken",
  "hairline",
  "edge",
  "ink",
  "ink-soft",
  "ink-faint",
  "accent",
  "accent-wash",
  "accent-ink",
  "care",
  "care-wash",
  "danger",
  "danger-wash",
  "present",
];

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h2 className={styles.heading}>{title}</h2>
      {children}
    </section>
  );
}

export function Gallery() {
  return (
    <Spoken>
      <main className={styles.index}>
        <h1 className={styles.title}>Components</h1>
        <Section title="Colour">
          <div className={styles.swatches}>
            {COLOURS.map((name) => (
              <div key={name} className={styles.swatch}>
                <div className={styles.chip} style={{ background: `var(--${name})` }} />
                {name}
              </div>
            ))}
          </div>
        </Section>
        <Buttons />
        <Fields />
        <Choices />
        <Places />
        <Signs />
        <Waits />
        <Section title="Markdown">
          <Markdown
            text={
              "# Heading\n\nText with **strong**, *emphasis*, ~~gone~~ and `code`. A [link](https://example.org/a) and <https://example.org/>.\n\n> quoted\n\n- one\n- two\n  - three\n\n1. first\n2. second\n\n```\nlet x = 1;\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n- [x] done\n- [ ] open"
            }
            words={{
              mixed: "letters of several scripts",
              foreign: "a name in another script",
              picture: "Picture:",
            }}
          />
        </Section>
      </main>
      <Toasts close="Close" label="Notices" />
    </Spoken>
  );
}

function Buttons() {
  return (
    <Section title="Buttons">
      <div className={styles.row}>
        <Button weight="primary">Primary</Button>
        <Button>Plain</Button>
        <Button weight="quiet">Quiet</Button>
        <Button weight="danger">Danger</Button>
        <Button weight="primary" isDisabled>
          Disabled
        </Button>
        <Button weight="primary" isBusy>
          Busy
        </Button>
        <Button icon={<Pencil size={16} aria-hidden />}>With a picture</Button>
        <IconButton label="More">
          <Ellipsis size={18} />
        </IconButton>
        <IconToggle label="Ring" isOn onChange={() => {}}>
          <Bell size={18} />
        </IconToggle>
      </div>
    </Section>
  );
}

function Fields() {
  const [text, setText] = useState("");
  const words = { show: "Show", hide: "Hide" };
  return (
    <Section title="Fields">
      <div className={styles.narrow}>
        <TextField label="Text" value={text} onChange={setText} help="What helps." />
        <TextField label="Wrong" value="not this" onChange={() => {}} wrong="That is not a name." />
        <TextField label="Disabled" value="cannot be changed" onChange={() => {}} isDisabled />
        <TextArea label="Several lines" value={text} onChange={setText} />
        <PasswordField label="Password" value="a secret" onChange={() => {}} autoComplete="off" {...words} />
        <CodeField label="Code" length={6} value="123456" onChange={() => {}} />
        <SearchField label="Search" clear="Clear" value={text} onChange={setText} />
      </div>
    </Section>
  );
}

function Choices() {
  const [isOn, setOn] = useState(true);
  const [value, setValue] = useState<"one" | "two">("one");
  const options = [
    { value: "one" as const, label: "One", more: "What one means." },
    { value: "two" as const, label: "Two", more: "What two means." },
  ];
  return (
    <Section title="Choices">
      <div className={styles.narrow}>
        <Switch label="Switch" more="What it does." isOn={isOn} onChange={setOn} />
        <Switch label="Disabled" isOn={false} onChange={setOn} isDisabled />
        <Checkbox isOn={isOn} onChange={setOn}>
          Checkbox
        </Checkbox>
        <Checkbox isOn={false} isMixed onChange={setOn}>
          Mixed
        </Checkbox>
        <RadioGroup label="One of these" value={value} options={options} onChange={setValue} />
        <Select label="One of a list" value={value} options={options} onChange={setValue} />
      </div>
    </Section>
  );
}

function Places() {
  const [isOpen, setOpen] = useState(false);
  return (
    <Section title="Menus, dialogs, tabs">
      <div className={styles.row}>
        <Menu
          label="What to do"
          button={<Button>Menu</Button>}
          entries={[
            { id: "edit", label: "Edit", icon: <Pencil size={16} />, onAction: () => toast("Edited") },
            null,
            { id: "delete", label: "Delete", icon: <Trash2 size={16} />, isDanger: true, onAction: () => {} },
          ]}
        />
        <Popover label="Beside" button={<Button>Popover</Button>}>
          {(close) => <Button onPress={close}>Close</Button>}
        </Popover>
        <Button onPress={() => setOpen(true)}>Dialog</Button>
        <Button onPress={() => toast("It was saved.")}>Toast</Button>
      </div>
      <Dialog
        title="Delete this?"
        close="Close"
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        isAlert
        actions={
          <>
            <Button onPress={() => setOpen(false)}>Cancel</Button>
            <Button weight="danger">Delete</Button>
          </>
        }
      >
        <p>It goes for everybody.</p>
      </Dialog>
      <Tabs
        label="Views"
        tabs={[
          { id: "one", label: "First", content: <p>The first view.</p> },
          { id: "two", label: "Second", content: <p>The second view.</p> },
        ]}
      />
    </Section>
  );
}

function Signs() {
  return (
    <Section title="Signs">
      <div className={styles.row}>
        {PEOPLE.map((person) => (
          <Avatar
            key={person.id}
            id={person.id}
            name={person.name}
            isBot={person.isBot}
            presence={person.presence}
          />
        ))}
        <Avatar id="64" name="Large One" size={64} presence="active" />
        <ConversationPicture kind="channel" />
        <ConversationPicture kind="announcement" />
        <ConversationPicture kind="group" />
      </div>
      <div className={styles.row}>
        <Badge>12</Badge>
        <Badge tone="accent">3</Badge>
        <Badge tone="care">Look</Badge>
        <Badge tone="danger">Stopped</Badge>
        <Badge tone="outline">Bot</Badge>
        <Kbd keys="Mod+K" />
        <Kbd keys="?" />
      </div>
      <div className={styles.row}>
        <TrustMark level="in_person" words="Met in person" />
        <TrustMark level="owner" words="Founded this" />
        <TrustMark level="link" words="By link" />
        <TrustMark level="server" words="By server" />
        <TrustMark level="reset" words="Reset" />
      </div>
      <div className={styles.row}>
        {HOSTILE.map((person) => (
          <Name key={person.id} name={person.name} warning="this name has characters that are not seen" />
        ))}
      </div>
      <div className={styles.narrow}>
        <Banner title="For your information">Plain and short.</Banner>
        <Banner tone="care" title="Look at this">
          And what to do.
        </Banner>
        <Banner tone="danger" title="This cannot be undone" />
        <QR content="https://example.org/" label="A code" side={128} />
      </div>
    </Section>
  );
}

function Waits() {
  return (
    <Section title="Waiting and nothing">
      <div className={styles.narrow}>
        <Steps said="Steps" names={["Name", "Sign-in", "This browser", "Recovery key"]} at={1} />
        <Progress label="Loading history" value={40} />
        <Progress label="Working" value={null} />
        <Skeleton label="Loading" rows={3} isPeople />
        <EmptyState icon={<Bell size={24} />} title="Nothing here" actions={<Button>Begin</Button>}>
          When there is something, it is here.
        </EmptyState>
      </div>
    </Section>
  );
}
