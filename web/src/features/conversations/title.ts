/** What a conversation is called on this screen. */
import type { Conversation } from "../../client/api";
import { useWords } from "../../words/words";

export function useTitle(conversation: Conversation | undefined): string {
  const words = useWords();
  if (!conversation) return "";
  if (conversation.kind === "personal") return words.shell.personal;
  // The engine has no words of people's languages for these two.
  if (conversation.kind === "general" && conversation.title === "general") return words.shell.general;
  return conversation.title || words.shell.alone;
}
