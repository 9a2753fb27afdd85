/** What a person does with messages: one place for the timeline, its threads and the composer. */
import { useMemo, useState } from "react";
import { useTools } from "../../app/here";
import { explained, refusalOf } from "../../app/refusal";
import { useRouter } from "../../app/router";
import type { Content, Conversation, Message, Ref } from "../../client/api";
import { toast } from "../../ui/toast";
import { useWords } from "../../words/words";

export interface Doing {
  /** What the composer answers to. */
  replyingTo: Message | null;
  editing: Message | null;
  deleting: Message | null;
  reply(message: Message | null): void;
  edit(message: Message | null): void;
  askDelete(message: Message | null): void;
  openThread(message: Message): void;
  /** Refusals are said; what was written stays where it was. */
  send(content: Content): Promise<boolean>;
}

export function refOf(message: Message): Ref | null {
  return message.device && message.id ? { device: message.device, id: message.id } : null;
}

export function useDoingMessages(conversation: Conversation): Doing {
  const { client } = useTools();
  const router = useRouter();
  const words = useWords();
  const [replyingTo, reply] = useState<Message | null>(null);
  const [editing, edit] = useState<Message | null>(null);
  const [deleting, askDelete] = useState<Message | null>(null);
  const { id } = conversation;
  return useMemo(
    () => ({
      replyingTo,
      editing,
      deleting,
      reply: (message) => {
        edit(null);
        reply(message);
      },
      edit: (message) => {
        reply(null);
        edit(message);
      },
      askDelete,
      openThread: (message) => {
        const ref = refOf(message);
        if (ref) router.go("thread", { id, device: ref.device, message: ref.id });
      },
      send: async (content) => {
        try {
          await client.send(id, content);
          return true;
        } catch (error) {
          const { said, todo } = explained(refusalOf(error), words);
          toast(`${said} ${todo}`);
          return false;
        }
      },
    }),
    [replyingTo, editing, deleting, client, router, words, id],
  );
}
