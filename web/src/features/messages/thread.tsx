/** A thread: the message it hangs on, its answers, and where one writes into it. */
import { useCallback, useMemo } from "react";
import { useAsked } from "../../app/asked";
import { useHere, useTools } from "../../app/here";
import type { Conversation, Ref } from "../../client/api";
import { useWords } from "../../words/words";
import { isOwnText } from "../conversations/conversation";
import { Composer } from "./composer";
import { useDoingMessages } from "./doing";
import { MessageLine } from "./message";
import { DeleteDialog } from "./remove";
import styles from "./thread.module.css";
import { Timeline } from "./timeline";

export function ThreadPanel({ conversation, root }: { conversation: Conversation; root: Ref }) {
  const words = useWords();
  const { client } = useTools();
  const { me } = useHere();
  const doing = useDoingMessages(conversation);
  const asked = useAsked(client, "message", conversation.id, root);
  const line = useMemo(
    () => asked.value && { message: asked.value, beginsDay: false, beginsNew: false, isMore: false },
    [asked.value],
  );
  const lastOwn = useCallback(async () => {
    const { messages } = await client.thread(conversation.id, root, null, 60);
    return messages.findLast((each) => isOwnText(each, me.user)) ?? null;
  }, [client, conversation.id, root, me.user]);
  return (
    <>
      <div className={styles.root}>
        {line ? (
          <MessageLine
            line={line}
            conversation={conversation}
            doing={doing}
            isActive={false}
            onActive={() => {}}
            isTarget={false}
            readers={0}
            isInThread
          />
        ) : (
          asked.value === null && <p className={styles.missing}>{words.conversation.rootMissing}</p>
        )}
      </div>
      <Timeline conversation={conversation} root={root} from={null} doing={doing} />
      <Composer conversation={conversation} thread={root} doing={doing} lastOwn={lastOwn} />
      <DeleteDialog doing={doing} />
    </>
  );
}
