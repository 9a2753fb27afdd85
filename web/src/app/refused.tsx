/** A refusal where it happened: what it is, what to do, and again. */
import type { RefusalData } from "../client/api";
import { Banner } from "../ui/banner";
import { Button } from "../ui/button";
import { useWords } from "../words/words";
import { explained } from "./refusal";

export function Refused({ refusal, onAgain }: { refusal: RefusalData | null; onAgain?: () => void }) {
  const words = useWords();
  if (!refusal) return null;
  const { said, todo } = explained(refusal, words);
  return (
    <Banner
      tone="care"
      isLive
      title={said}
      actions={
        onAgain && (
          <Button weight="quiet" onPress={onAgain}>
            {words.again}
          </Button>
        )
      }
    >
      {todo && <p>{todo}</p>}
    </Banner>
  );
}
