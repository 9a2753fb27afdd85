/** The pages beside conversations. */
import type { Conversation } from "../client/api";
import type { Route } from "./routes";

export function Pages(_: { route: Route; conversations: readonly Conversation[] }) {
  return null;
}
