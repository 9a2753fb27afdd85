/** The panel beside a conversation: a thread, all threads, what is pinned, who can read. */
import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { Conversation } from "../client/api";
import { Details } from "../features/conversations/details";
import { PinnedList, ThreadList } from "../features/messages/lists";
import { ThreadPanel } from "../features/messages/thread";
import { IconButton } from "../ui/button";
import { useWords } from "../words/words";
import { useRouter } from "./router";
import styles from "./side.module.css";

export function Side({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  const router = useRouter();
  const { route } = router;
  const panel = panelOf();
  return (
    <>
      <header className={styles.head}>
        <h2 className={styles.title}>{panel.title}</h2>
        <IconButton
          label={words.shell.closeSide}
          keys="Esc"
          onPress={() => router.go("conversation", { id: conversation.id })}
        >
          <X size={18} />
        </IconButton>
      </header>
      {panel.content}
    </>
  );

  function panelOf(): { title: string; content: ReactNode } {
    if (route.name === "thread") {
      const root = { device: route.device, id: route.message };
      const key = `${root.device} ${root.id}`;
      return {
        title: words.conversation.thread,
        content: <ThreadPanel key={key} conversation={conversation} root={root} />,
      };
    }
    if (route.name === "threads")
      return { title: words.conversation.threads, content: <ThreadList conversation={conversation} /> };
    if (route.name === "pinned")
      return { title: words.conversation.pinned, content: <PinnedList conversation={conversation} /> };
    return { title: words.details.title, content: <Details conversation={conversation} /> };
  }
}
