/** What a conversation is, and who can read it, in words. */
import type { Conversation } from "../../client/api";
import { useWords } from "../../words/words";

export function Details({ conversation }: { conversation: Conversation }) {
  const words = useWords();
  return <p>{words.conversation.people(conversation.people.length)}</p>;
}
