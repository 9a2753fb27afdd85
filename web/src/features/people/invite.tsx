/** Inviting somebody: account and role, then the link with its picture to hand over. */
import { Copy } from "lucide-react";
import { useState } from "react";
import { useDoing, useHere, useTools } from "../../app/here";
import { Refused } from "../../app/refused";
import type { Role } from "../../client/api";
import { Button } from "../../ui/button";
import { Select } from "../../ui/choice";
import { Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/field";
import { QR } from "../../ui/qr";
import { toast } from "../../ui/toast";
import { useWords } from "../../words/words";
import styles from "./people.module.css";
import { useStepUp } from "./stepup";

const DAY_MS = 86_400_000;
const DAYS = ["1", "3", "7", "14"] as const;

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const { client } = useTools();
  const { me } = useHere();
  const { isBusy, refusal, run } = useDoing();
  const { guarded, dialog } = useStepUp();
  const [account, setAccount] = useState("");
  const [role, setRole] = useState<Role>("member");
  const [days, setDays] = useState<(typeof DAYS)[number]>("7");
  const [link, setLink] = useState<string | null>(null);
  const roles: Role[] = me.role === "owner" ? ["member", "guest", "administrator"] : ["member", "guest"];
  const invite = () =>
    run(async () => {
      const until = Date.now() + Number(days) * DAY_MS;
      const made = await guarded(() => client.invite(account.trim(), role, false, "", until));
      setLink(made.link);
    });
  if (link !== null) {
    return (
      <Dialog
        title={words.people.linkTitle}
        close={words.close}
        isOpen
        onClose={onClose}
        actions={
          <>
            <Button
              icon={<Copy size={16} aria-hidden />}
              onPress={() =>
                navigator.clipboard.writeText(link).then(
                  () => toast(words.copied),
                  () => {},
                )
              }
            >
              {words.copy}
            </Button>
            <Button weight="primary" onPress={onClose}>
              {words.done}
            </Button>
          </>
        }
      >
        <p>{words.people.linkWords}</p>
        <div className={styles.centre}>
          <QR content={link} label={words.people.linkLabel} side={240} />
        </div>
        <p className={styles.link} data-testid="invitation-link">
          {link}
        </p>
      </Dialog>
    );
  }
  return (
    <Dialog title={words.people.invite} close={words.close} isOpen onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (account.trim()) void invite();
        }}
      >
        <TextField
          label={words.people.account}
          value={account}
          onChange={(typed) => setAccount(typed.replace(/\s/g, ""))}
          help={words.people.accountHelp}
          autoFocus
        />
        <Select
          label={words.people.role}
          value={role}
          onChange={setRole}
          options={roles.map((each) => ({ value: each, label: words.roles[each] }))}
        />
        <p className={styles.soft}>{words.people.rolesMore[role]}</p>
        <Select
          label={words.people.valid}
          value={days}
          onChange={setDays}
          options={DAYS.map((each) => ({ value: each, label: words.people.days(Number(each)) }))}
        />
        <p className={styles.soft}>{words.people.vouch}</p>
        <Refused refusal={refusal} />
        <Button type="submit" weight="primary" isBusy={isBusy} isDisabled={!account.trim()}>
          {words.people.inviteGo}
        </Button>
      </form>
      {dialog}
    </Dialog>
  );
}
