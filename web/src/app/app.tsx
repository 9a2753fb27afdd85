/** The whole of it: one page for each way a browser can stand. */
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { I18nProvider } from "react-aria-components";
import type { Standing } from "../client/api";
import { Damaged, Ended, Opening, Unable } from "../features/joining/standings";
import { Locked } from "../features/joining/unlock";
import { Toasts } from "../ui/toast";
import { type Language, type Speech, SpeechContext, useWords, wordsOf } from "../words/words";
import { joined } from "./arrival";
import { HereProvider, type Tools, ToolsContext } from "./here";
import { useIdleLock, usePresence } from "./idle";
import { languageNow, usePreferences } from "./preferences";
import { useStanding } from "./standing";

const Shell = lazy(() => import("./shell").then((module) => ({ default: module.Shell })));
const Welcome = lazy(() =>
  import("../features/joining/welcome").then((module) => ({ default: module.Welcome })),
);
const Join = lazy(() => import("../features/joining/join").then((module) => ({ default: module.Join })));

export interface AppProps {
  tools: Tools;
  /** The invitation link this page was opened with. */
  invitation: string | null;
}

export function App({ tools, invitation }: AppProps) {
  return (
    <ToolsContext value={tools}>
      <Spoken>
        <Suspense fallback={<Opening />}>
          <Pages client={tools.client} invitation={invitation} />
        </Suspense>
        <Notices />
      </Spoken>
    </ToolsContext>
  );
}

function Notices() {
  const words = useWords();
  return <Toasts close={words.close} label={words.messages} />;
}

/** Words of the language that is preferred now; the ones before stay until the new ones are here. */
export function Spoken({ children }: { children: ReactNode }) {
  const language = languageNow(usePreferences());
  const [speech, setSpeech] = useState<Speech | null>(null);
  useEffect(() => {
    let isHere = true;
    wordsOf(language).then((words) => isHere && setSpeech({ language, words }));
    return () => {
      isHere = false;
    };
  }, [language]);
  if (!speech) return null;
  return (
    <SpeechContext value={speech}>
      <I18nProvider locale={localeOf(speech.language)}>{children}</I18nProvider>
    </SpeechContext>
  );
}

function localeOf(language: Language): string {
  return navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
}

function Pages({ client, invitation }: { client: Tools["client"]; invitation: string | null }) {
  const [standing, setStanding] = useStanding(client);
  const [link, setLink] = useState(invitation);
  // Joining has a last page after everything is set up: until it is left, it is shown whatever the standing.
  const [isJoining, setJoining] = useState(false);
  // A store that opens by itself is not locked: it would be no protection.
  useIdleLock(client, standing.kind === "open" && standing.me.custody !== "browser" && !isJoining);
  usePresence(client, standing.kind === "open");

  const begun =
    standing.kind === "joining" ? standing.link : standing.kind === "nobody" || isJoining ? link : null;
  if (begun) {
    return (
      <Join
        key={begun}
        link={begun}
        onBegin={() => setJoining(true)}
        onLeave={() => setLink(null)}
        onDone={() => {
          joined();
          setJoining(false);
          setLink(null);
          client.standing().then(setStanding, () => {});
        }}
      />
    );
  }
  return <Page standing={standing} invitation={link} onStanding={setStanding} onLink={setLink} />;
}

function Page(props: {
  standing: Standing;
  invitation: string | null;
  onStanding: (standing: Standing) => void;
  onLink: (link: string | null) => void;
}) {
  const { standing } = props;
  switch (standing.kind) {
    case "opening":
    case "joining":
      return <Opening />;
    case "nobody":
      return <Welcome onLink={props.onLink} onStanding={props.onStanding} />;
    case "locked":
      return <Locked standing={standing} onStanding={props.onStanding} />;
    case "open":
      return (
        <HereProvider key={standing.me.device} me={standing.me}>
          <Shell link={standing.link} />
        </HereProvider>
      );
    case "ended":
      return <Ended standing={standing} onStanding={props.onStanding} />;
    case "damaged":
      return <Damaged words={standing.words} onStanding={props.onStanding} />;
    case "unable":
      return <Unable words={standing.words} />;
  }
}
