/** Ctrl/Cmd+K: to a conversation, a person or a page by a few letters. */
import { useMemo, useState } from "react";
import { Autocomplete, Input, ListBox, ListBoxItem, SearchField, useFilter } from "react-aria-components";
import { useHere } from "../../app/here";
import { useRouter } from "../../app/router";
import type { RouteName } from "../../app/routes";
import type { Conversation } from "../../client/api";
import { Avatar } from "../../ui/avatar";
import { classes } from "../../ui/classes";
import { Dialog } from "../../ui/dialog";
import { useWords } from "../../words/words";
import { ordered } from "./list";
import { Picture } from "./row";
import styles from "./switcher.module.css";

type PageName = Extract<
  RouteName,
  "settings" | "devices" | "people" | "alarms" | "server" | "search" | "channels" | "create"
>;

interface Target {
  id: string;
  name: string;
  more: string;
  conversation?: Conversation;
  person?: { id: string; name: string; isBot: boolean };
  page?: PageName;
}

export function Switcher(props: { conversations: readonly Conversation[]; onClose: () => void }) {
  const words = useWords();
  const router = useRouter();
  const { me, people } = useHere();
  const [query, setQuery] = useState("");
  const { contains } = useFilter({ sensitivity: "base" });
  const targets = useMemo<Target[]>(() => {
    const open = ordered(props.conversations).filter((each) => each.state !== "removed");
    const title = (each: Conversation) =>
      each.kind === "general" && each.title === "general" ? words.shell.general : each.title;
    const talksTo = new Set(open.filter((each) => each.kind === "direct").flatMap((each) => each.people));
    const pages: [PageName, string][] = [
      ["search", words.shell.search],
      ["create", words.shell.newConversation],
      ["channels", words.channels.title],
      ["people", words.people.title],
      ["devices", words.devices.title],
      ["alarms", words.alarmPage.title],
      ["server", words.server.title],
      ["settings", words.settings.title],
    ];
    return [
      ...open
        .toSorted((one, other) => Number(other.unread > 0) - Number(one.unread > 0))
        .map((each) => ({ id: `c ${each.id}`, name: title(each), more: each.topic, conversation: each })),
      ...people
        .filter((each) => each.id !== me.user && !talksTo.has(each.id) && !each.isSuspended)
        .map((each) => ({
          id: `p ${each.id}`,
          name: each.name || each.account,
          more: each.account,
          person: each,
        })),
      ...pages.map(([page, name]) => ({ id: `g ${page}`, name, more: words.switcher.pages, page })),
    ];
  }, [props.conversations, people, me, words]);
  const go = (target: Target | undefined) => {
    if (!target) return;
    props.onClose();
    if (target.conversation) router.go("conversation", { id: target.conversation.id });
    else if (target.person) router.go("person", { id: target.person.id });
    else if (target.page) router.go(target.page, {});
  };
  return (
    <Dialog title={words.switcher.label} close={words.close} isOpen onClose={props.onClose} isBare>
      <Autocomplete inputValue={query} onInputChange={setQuery} filter={contains}>
        <SearchField aria-label={words.switcher.label} autoFocus className={classes(styles.search)}>
          <Input className={classes(styles.input)} placeholder={words.switcher.label} />
        </SearchField>
        <ListBox
          aria-label={words.switcher.label}
          items={targets}
          className={classes(styles.list)}
          onAction={(id) => go(targets.find((each) => each.id === id))}
          renderEmptyState={() => <p className={styles.none}>{words.switcher.none}</p>}
        >
          {(target: Target) => (
            <ListBoxItem
              id={target.id}
              textValue={`${target.name} ${target.more}`}
              className={classes(styles.item)}
            >
              {target.conversation && <Picture conversation={target.conversation} me={me.user} />}
              {target.person && (
                <Avatar
                  id={target.person.id}
                  name={target.person.name}
                  isBot={target.person.isBot}
                  size={28}
                />
              )}
              <bdi className={styles.name}>{target.name}</bdi>
              <span className={styles.more}>
                <bdi>{target.more}</bdi>
              </span>
            </ListBoxItem>
          )}
        </ListBox>
      </Autocomplete>
    </Dialog>
  );
}
