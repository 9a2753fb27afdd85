/** Another build of the app has come: the person says when it is used. */
import { RefreshCw } from "lucide-react";
import { useSyncExternalStore } from "react";
import { takeOver } from "../service/registration";
import { Banner } from "../ui/banner";
import { Button } from "../ui/button";
import { useWords } from "../words/words";

let isThere = false;
const listeners = new Set<() => void>();

export function newBuildCame(): void {
  isThere = true;
  for (const listener of listeners) listener();
}

export function BuildBanner() {
  const words = useWords();
  const isShown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isThere,
  );
  if (!isShown) return null;
  return (
    <Banner
      isBand
      isLive
      icon={<RefreshCw size={16} />}
      actions={
        <Button weight="quiet" onPress={takeOver}>
          {words.shell.useBuild}
        </Button>
      }
    >
      <p>{words.shell.newBuild}</p>
    </Banner>
  );
}
