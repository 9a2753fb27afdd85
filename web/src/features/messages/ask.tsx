/** The question and the answers of a new poll. */
import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { Ref } from "../../client/api";
import { Button, IconButton } from "../../ui/button";
import { Switch } from "../../ui/choice";
import { Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/field";
import { useWords } from "../../words/words";
import styles from "./ask.module.css";
import type { Doing } from "./doing";

const MOST_OPTIONS = 20;

export function PollDialog(props: { thread: Ref | null; doing: Doing; onClose: () => void }) {
  const words = useWords();
  const [question, setQuestion] = useState("");
  const [options, setOptions] = useState(["", ""]);
  const [isMultiple, setMultiple] = useState(false);
  const written = options.map((each) => each.trim()).filter(Boolean);
  const isReady = question.trim() !== "" && written.length >= 2 && new Set(written).size === written.length;
  const ask = async () => {
    const thread = props.thread ? { thread: props.thread } : {};
    const content = {
      type: "poll" as const,
      text: question.trim(),
      options: written,
      multiple: isMultiple,
      ...thread,
    };
    if (await props.doing.send(content)) props.onClose();
  };
  return (
    <Dialog
      title={words.poll.title}
      close={words.close}
      isOpen
      onClose={props.onClose}
      actions={
        <>
          <Button onPress={props.onClose}>{words.cancel}</Button>
          <Button weight="primary" isDisabled={!isReady} onPress={() => void ask()}>
            {words.poll.ask}
          </Button>
        </>
      }
    >
      <TextField label={words.poll.question} value={question} onChange={setQuestion} autoFocus />
      {options.map((option, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: answers are named by their place
        <div key={at} className={styles.option}>
          <TextField
            label={words.poll.option(at + 1)}
            value={option}
            onChange={(text) => setOptions(options.map((each, other) => (other === at ? text : each)))}
          />
          {options.length > 2 && (
            <IconButton
              label={words.poll.removeOption}
              onPress={() => setOptions(options.filter((_, other) => other !== at))}
            >
              <X size={16} />
            </IconButton>
          )}
        </div>
      ))}
      {options.length < MOST_OPTIONS && (
        <Button
          weight="quiet"
          icon={<Plus size={16} aria-hidden />}
          onPress={() => setOptions([...options, ""])}
        >
          {words.poll.addOption}
        </Button>
      )}
      <Switch label={words.poll.multiple} isOn={isMultiple} onChange={setMultiple} />
    </Dialog>
  );
}
