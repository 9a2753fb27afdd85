/** All conversations, in sections that fold: pinned, channels, people and groups. */
import { ChevronDown } from "lucide-react";
import { useMemo, useState } from "react";
import { useHere } from "../../app/here";
import { useRouter } from "../../app/router";
import { conversationOf } from "../../app/routes";
import type { Conversation } from "../../client/api";
import { Button } from "../../ui/button";
import { classes } from "../../ui/classes";
import { EmptyState } from "../../ui/waiting";
import { useWords } from "../../words/words";
import styles from "./list.module.css";
import { Row } from "./row";

type Section = "pinned" | "channels" | "direct" | "left";
const ORDER: Section[] = ["pinned", "channels", "direct", "left"];

export function sectionOf(conversation: Conversation): Section {
  if (conversation.state === "removed") return "left";
  if (conversation.isPinned) return "pinned";
  return conversation.kind === "channel" || conversation.kind === "general" ? "channels" : "direct";
}

/** The order of the list, which Alt and the arrows follow too. */
export function ordered(conversations: readonly Conversation[]): Conversation[] {
  const newest = (one: Conversation, other: Conversation) => (other.lastAtMs ?? 0) - (one.lastAtMs ?? 0);
  const byName = (one: Conversation, other: Conversation) =>
    Number(other.kind === "general") - Number(one.kind === "general") || one.title.localeCompare(other.title);
  return ORDER.flatMap((section) =>
    conversations
      .filter((each) => sectionOf(each) === section)
      .sort(section === "channels" ? byName : newest),
  );
}

export function ConversationList({ conversations }: { conversations: readonly Conversation[] }) {
  const words = useWords();
  const router = useRouter();
  const { me } = useHere();
  const [folded, setFolded] = useState<ReadonlySet<Section>>(new Set(["left"]));
  const open = conversationOf(router.route);
  const sections = useMemo(() => {
    const all = ordered(conversations);
    return ORDER.map((section) => ({ section, rows: all.filter((each) => sectionOf(each) === section) }));
  }, [conversations]);

  if (conversations.length === 0) {
    return (
      <EmptyState
        title={words.shell.noneTitle}
        actions={<Button onPress={() => router.go("create", {})}>{words.shell.newConversation}</Button>}
      >
        {words.shell.none}
      </EmptyState>
    );
  }
  const fold = (section: Section) => {
    const now = new Set(folded);
    if (!now.delete(section)) now.add(section);
    setFolded(now);
  };
  return (
    <div className={styles.list}>
      {sections.map(({ section, rows }) =>
        rows.length === 0 ? null : (
          <section key={section} aria-labelledby={`section ${section}`}>
            <h2 className={styles.heading}>
              <button
                type="button"
                id={`section ${section}`}
                className={styles.fold}
                aria-expanded={!folded.has(section)}
                onClick={() => fold(section)}
              >
                <ChevronDown
                  size={14}
                  aria-hidden
                  className={classes(styles.arrow, folded.has(section) && styles.folded)}
                />
                {words.shell[section]}
              </button>
            </h2>
            <ul>
              {rows
                // What is unread, and where one is, does not hide in a folded section.
                .filter(
                  (each) => !folded.has(section) || each.id === open || (each.unread > 0 && !each.isMuted),
                )
                .map((each) => (
                  <Row key={each.id} conversation={each} isOpen={each.id === open} me={me.user} />
                ))}
            </ul>
          </section>
        ),
      )}
    </div>
  );
}
