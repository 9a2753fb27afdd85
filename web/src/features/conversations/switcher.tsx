/** Ctrl/Cmd+K: go to a conversation, a person or a page by a few letters. */
import type { Conversation } from "../../client/api";

export function Switcher(_: { conversations: readonly Conversation[]; onClose: () => void }) {
  return null;
}
