/** Asks before a message is deleted for everybody. */
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { firstWords } from "../../ui/plainwords";
import { useWords } from "../../words/words";
import { type Doing, refOf } from "./doing";

export function DeleteDialog({ doing }: { doing: Doing }) {
  const words = useWords();
  const message = doing.deleting;
  const target = message && refOf(message);
  const close = () => doing.askDelete(null);
  return (
    <Dialog
      title={words.actions.removeTitle}
      close={words.close}
      isOpen={message !== null}
      onClose={close}
      isAlert
      actions={
        <>
          <Button onPress={close}>{words.cancel}</Button>
          <Button
            weight="danger"
            onPress={() => {
              if (target) void doing.send({ type: "delete", target });
              close();
            }}
          >
            {words.actions.remove}
          </Button>
        </>
      }
    >
      <blockquote dir="auto">{firstWords(message?.text ?? message?.poll?.question ?? "", 240)}</blockquote>
      <p>{words.actions.removeWords}</p>
    </Dialog>
  );
}
