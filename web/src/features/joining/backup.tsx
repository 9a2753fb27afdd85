/** The last page of joining with a password: ten codes for a lost phone. */
import type { ReactNode } from "react";
import { Button } from "../../ui/button";
import { useWords } from "../../words/words";
import { Door } from "./door";
import styles from "./door.module.css";
import { Saving } from "./recovery";

export function BackupCodes(props: {
  codes: string[];
  account: string;
  before: ReactNode;
  onDone: () => void;
}) {
  const words = useWords();
  return (
    <Door before={props.before} title={words.join.backupTitle}>
      <p>{words.join.backupIntro}</p>
      <ul className={styles.codes}>
        {props.codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Saving
        text={`${words.join.backupTitle}\n${props.account} ${location.host}\n\n${props.codes.join("\n")}\n`}
        plain={props.codes.join("\n")}
        file={`inmost-codes-${props.account}.txt`}
      />
      <Button weight="primary" isWide onPress={props.onDone}>
        {words.join.toConversations}
      </Button>
    </Door>
  );
}
