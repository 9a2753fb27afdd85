/** Above the list: who one is, what belongs to this browser, search, and a new conversation. */
import {
  Activity,
  BellRing,
  Keyboard,
  Lock,
  MonitorSmartphone,
  Search,
  Server,
  Settings,
  SquarePen,
  Users,
} from "lucide-react";
import { Button as AriaButton } from "react-aria-components";
import { useAlarms } from "../features/alarms/unseen";
import { Avatar } from "../ui/avatar";
import { Badge } from "../ui/badge";
import { IconButton } from "../ui/button";
import { classes } from "../ui/classes";
import { type Entry, Menu } from "../ui/menu";
import { useForms, useWords } from "../words/words";
import { useHere, useTools } from "./here";
import styles from "./listhead.module.css";
import { useRouter } from "./router";

export function ListHead({ onKeys }: { onKeys: () => void }) {
  const words = useWords();
  const forms = useForms();
  const router = useRouter();
  const { me, person } = useHere();
  const name = person(me.user)?.name || me.name || me.account;
  const { unseen } = useAlarms();
  const entries = useOwnEntries(onKeys);
  return (
    <header className={styles.head}>
      <div className={styles.line}>
        <Menu
          label={words.shell.more}
          placement="bottom start"
          entries={entries}
          button={
            <AriaButton className={classes(styles.me)}>
              <Avatar id={me.user} name={name} size={28} />
              <span className={styles.who}>
                <span className={styles.organisation}>{me.organisation}</span>
                <span className={styles.name}>{name}</span>
              </span>
              <span className="visually-hidden">{words.shell.more}</span>
            </AriaButton>
          }
        />
        {unseen > 0 && (
          <a
            className={styles.alarms}
            href={router.href("alarms", {})}
            onClick={(event) => {
              event.preventDefault();
              router.go("alarms", {});
            }}
          >
            <Badge tone="care" label={words.shell.alarms(unseen)}>
              <BellRing size={12} /> {forms.number(unseen)}
            </Badge>
          </a>
        )}
        <IconButton label={words.shell.newConversation} onPress={() => router.go("create", {})}>
          <SquarePen size={18} />
        </IconButton>
      </div>
      <AriaButton className={classes(styles.search)} onPress={() => router.go("search", {})}>
        <Search size={16} aria-hidden />
        {words.shell.search}
      </AriaButton>
    </header>
  );
}

export function useOwnEntries(onKeys?: () => void): (Entry | null)[] {
  const words = useWords().shell.menu;
  const router = useRouter();
  const { client } = useTools();
  const { me } = useHere();
  const to = (name: "settings" | "devices" | "alarms" | "server" | "people") => () => router.go(name, {});
  return [
    { id: "settings", label: words.settings, icon: <Settings size={16} />, onAction: to("settings") },
    { id: "devices", label: words.devices, icon: <MonitorSmartphone size={16} />, onAction: to("devices") },
    { id: "alarms", label: words.alarms, icon: <Activity size={16} />, onAction: to("alarms") },
    { id: "server", label: words.server, icon: <Server size={16} />, onAction: to("server") },
    { id: "people", label: words.people, icon: <Users size={16} />, onAction: to("people") },
    ...(onKeys
      ? [{ id: "keys", label: words.keys, icon: <Keyboard size={16} />, more: "?", onAction: onKeys }]
      : []),
    ...(me.custody === "browser"
      ? []
      : [
          null,
          { id: "lock", label: words.lock, icon: <Lock size={16} />, onAction: () => void client.lock() },
        ]),
  ];
}
