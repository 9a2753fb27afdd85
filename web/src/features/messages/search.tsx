/** Search over everything that is on this device. */
import { Search } from "lucide-react";
import { useDeferredValue, useEffect, useState } from "react";
import { useDoing, useTools } from "../../app/here";
import { Page } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Conversation, Found } from "../../client/api";
import { Select } from "../../ui/choice";
import { SearchField } from "../../ui/field";
import { EmptyState } from "../../ui/waiting";
import { useWords } from "../../words/words";
import { MessageRow } from "./lists";
import styles from "./search.module.css";

const MOST = 100;
const EVERYWHERE = "everywhere";
/** What was searched for, kept while one looks at what was found. */
let before = "";

export function SearchPage({ conversations }: { conversations: readonly Conversation[] }) {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const [query, setQuery] = useState(before);
  const [where, setWhere] = useState(EVERYWHERE);
  const asked = useDeferredValue(query.trim());
  const [found, setFound] = useState<Found[] | null>(null);
  const { refusal, run } = useDoing();
  useEffect(() => {
    before = asked;
    let isHere = true;
    if (asked.length < 2) setFound(null);
    else
      void run(async () => {
        const now = await client.search(asked, where === EVERYWHERE ? null : where, MOST);
        if (isHere) setFound(now);
      });
    return () => {
      isHere = false;
    };
  }, [client, asked, where, run]);
  const titleOf = (id: string) => {
    const at = conversations.find((each) => each.id === id);
    return at?.kind === "general" && at.title === "general" ? words.shell.general : (at?.title ?? "");
  };
  return (
    <Page title={words.search.title}>
      <div className={styles.asking}>
        <div className={styles.field}>
          <SearchField
            label={words.search.label}
            value={query}
            onChange={setQuery}
            clear={words.clear}
            autoFocus
          />
        </div>
        <Select
          label={words.search.where}
          isLabelHidden
          value={where}
          onChange={setWhere}
          options={[
            { value: EVERYWHERE, label: words.search.everywhere },
            ...conversations.map((each) => ({ value: each.id, label: titleOf(each.id) || "…" })),
          ]}
        />
      </div>
      <Refused refusal={refusal} />
      {found === null && (
        <EmptyState icon={<Search size={24} />} title={words.search.label}>
          {words.search.hint}
        </EmptyState>
      )}
      {found?.length === 0 && <EmptyState title={words.search.none}>{words.search.noneMore}</EmptyState>}
      {found && found.length > 0 && (
        <section aria-label={words.search.found(found.length)}>
          <p className={styles.count} role="status">
            {words.search.found(found.length)}
          </p>
          <ul className={styles.list}>
            {found.map(({ message, conversation }) => (
              <li key={message.key}>
                <MessageRow
                  message={message}
                  where={titleOf(conversation)}
                  onOpen={() => {
                    if (message.thread)
                      router.go("thread", {
                        id: conversation,
                        device: message.thread.device,
                        message: message.thread.id,
                      });
                    else if (message.n !== null)
                      router.go("moment", { id: conversation, n: String(message.n) });
                    else router.go("conversation", { id: conversation });
                  }}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}
