/** The frame when one is in: conversations, what was said, and what stands beside it. Two of them on a tablet, one on a phone. */
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { Conversation, Link } from "../client/api";
import { ConversationView } from "../features/conversations/conversation";
import { ConversationList } from "../features/conversations/list";
import { classes } from "../ui/classes";
import { EmptyState, Skeleton } from "../ui/waiting";
import { useWords } from "../words/words";
import { useArrival } from "./arrival";
import { useAsked } from "./asked";
import { BottomBar } from "./bottombar";
import { useTools } from "./here";
import { LinkBanner } from "./linkbanner";
import { ListHead } from "./listhead";
import { Refused } from "./refused";
import { useRouter } from "./router";
import { conversationOf, type Route } from "./routes";
import styles from "./shell.module.css";
import { useShortcuts } from "./shortcuts";

const Pages = lazy(() => import("./pages").then((module) => ({ default: module.Pages })));
const Side = lazy(() => import("./side").then((module) => ({ default: module.Side })));
const Switcher = lazy(() =>
  import("../features/conversations/switcher").then((module) => ({ default: module.Switcher })),
);
const Keys = lazy(() => import("../features/settings/keys").then((module) => ({ default: module.Keys })));

// Needed by the first message: on its way before it is asked for, so that no message is seen in raw Markdown.
import("../ui/markdown").catch(() => {});

const NONE: readonly Conversation[] = [];

export function Shell({ link }: { link: Link }) {
  const words = useWords();
  const { client } = useTools();
  const { route } = useRouter();
  const asked = useAsked(client, "conversations");
  const conversations = asked.value ?? NONE;
  const [over, setOver] = useState<"switcher" | "keys" | null>(null);
  useShortcuts(conversations, setOver);
  useTitleOfTab(conversations);
  useArrival(conversations);

  const openId = conversationOf(route);
  const open = conversations.find((each) => each.id === openId);
  const hasSide = ["thread", "threads", "pinned", "details"].includes(route.name);
  const isHome = route.name === "home";
  return (
    <div className={classes(styles.shell, hasSide && styles.sided)} data-place={isHome ? "list" : "main"}>
      <button type="button" className={styles.skip} onClick={skip}>
        {words.shell.skip}
      </button>
      <LinkBanner link={link} />
      <nav className={styles.list} aria-label={words.shell.conversations}>
        <ListHead onKeys={() => setOver("keys")} />
        <div className={styles.scroll}>
          {asked.value ? (
            <ConversationList conversations={conversations} />
          ) : asked.refusal ? (
            <Refused refusal={asked.refusal} onAgain={asked.again} />
          ) : (
            <Skeleton label={words.loading} isPeople rows={9} />
          )}
        </div>
      </nav>
      <main className={styles.main} id="main" tabIndex={-1}>
        <Main route={route} open={open} isLoaded={asked.value !== undefined} conversations={conversations} />
      </main>
      {hasSide && open && (
        <Suspense fallback={<aside className={styles.side} aria-label={words.shell.side} />}>
          <aside className={styles.side} aria-label={words.shell.side}>
            <Side conversation={open} />
          </aside>
        </Suspense>
      )}
      <BottomBar conversations={conversations} />
      {over === "switcher" && (
        <Suspense>
          <Switcher conversations={conversations} onClose={() => setOver(null)} />
        </Suspense>
      )}
      {over === "keys" && (
        <Suspense>
          <Keys onClose={() => setOver(null)} />
        </Suspense>
      )}
    </div>
  );
}

function skip() {
  document.querySelector<HTMLElement>("#main textarea, #main")?.focus();
}

function Main(props: {
  route: Route;
  open: Conversation | undefined;
  isLoaded: boolean;
  conversations: readonly Conversation[];
}): ReactNode {
  const words = useWords();
  const { route, open } = props;
  if (open) {
    const from = route.name === "moment" ? Number.parseInt(route.n, 10) : null;
    return <ConversationView key={open.id} conversation={open} from={Number.isNaN(from) ? null : from} />;
  }
  if (conversationOf(route)) {
    if (!props.isLoaded) return <Skeleton label={words.loading} isPeople rows={8} />;
    return <EmptyState title={words.refusals.NotFound[0]}>{words.refusals.NotFound[1]}</EmptyState>;
  }
  if (route.name === "home")
    return <EmptyState title={words.shell.choose}>{words.shell.chooseMore}</EmptyState>;
  return (
    <Suspense fallback={<Skeleton label={words.loading} rows={6} />}>
      <Pages route={route} conversations={props.conversations} />
    </Suspense>
  );
}

/** The tab says how much is unread. */
function useTitleOfTab(conversations: readonly Conversation[]): void {
  const unread = conversations.reduce((sum, each) => sum + (each.isMuted ? each.mentions : each.unread), 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) Inmost` : "Inmost";
    return () => {
      document.title = "Inmost";
    };
  }, [unread]);
}
