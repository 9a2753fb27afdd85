/** The fourth step: the recovery key is shown once, saved, and its last four characters are typed back. */
import { Copy, Download, Printer } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Refused } from "../../app/refused";
import type { Joining, RefusalData } from "../../client/api";
import { Button } from "../../ui/button";
import { CodeField } from "../../ui/field";
import { toast } from "../../ui/toast";
import { useWords } from "../../words/words";
import { Door } from "./door";
import styles from "./door.module.css";

export function Recovery(props: {
  joining: Joining;
  before: ReactNode;
  refusal: RefusalData | null;
  isBusy: boolean;
  onSaved: () => void;
  onSecret: () => void;
}) {
  const words = useWords();
  const [typed, setTyped] = useState("");
  const [isWrong, setWrong] = useState(false);
  const key = props.joining.recoveryKey;
  const note = words.join.recoveryNote(props.joining.account, location.host);
  const isAboutPassword = props.refusal?.code === "WeakPassword" || props.refusal?.code === "PasskeyNotTaken";
  return (
    <Door before={props.before} title={words.join.recoveryTitle}>
      <p>{words.join.recoveryIntro}</p>
      <p className={styles.key} data-testid="recovery-key">
        {key.split("-").map((group, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: groups of one key
          <span key={at}>
            {at > 0 && <span className="visually-hidden">-</span>}
            {group}
          </span>
        ))}
      </p>
      <p className={styles.soft}>{note}</p>
      <Saving text={`${note}\n\n${key}\n`} plain={key} file={`inmost-${props.joining.account}.txt`} />
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === key.replaceAll("-", "").slice(-4)) props.onSaved();
          else setWrong(true);
        }}
      >
        <CodeField
          label={words.join.recoveryLast}
          help={words.join.recoveryLastHelp}
          length={4}
          letters
          value={typed}
          onChange={(value) => {
            setWrong(false);
            setTyped(value);
          }}
          wrong={isWrong ? words.join.recoveryWrong : ""}
        />
        <Refused refusal={props.refusal} />
        <div className={styles.row}>
          {isAboutPassword && <Button onPress={props.onSecret}>{words.back}</Button>}
          <Button type="submit" weight="primary" isBusy={props.isBusy} isDisabled={typed.length !== 4}>
            {words.join.finish}
          </Button>
        </div>
      </form>
    </Door>
  );
}

/** Three ways to keep some words outside this browser. */
export function Saving({ text, plain, file }: { text: string; plain: string; file: string }) {
  const words = useWords();
  return (
    <div className={`${styles.row} ${styles.noprint}`}>
      <Button icon={<Download size={16} aria-hidden />} onPress={() => download(text, file)}>
        {words.join.recoveryDownload}
      </Button>
      <Button icon={<Printer size={16} aria-hidden />} onPress={() => print()}>
        {words.join.recoveryPrint}
      </Button>
      <Button
        icon={<Copy size={16} aria-hidden />}
        onPress={() =>
          navigator.clipboard.writeText(plain).then(
            () => toast(words.copied),
            () => {},
          )
        }
      >
        {words.copy}
      </Button>
    </div>
  );
}

function download(text: string, file: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.replace(/[^\w.@-]/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
