/** Keys that work everywhere. */
import { useEffect } from "react";
import type { Conversation } from "../client/api";
import { ordered } from "../features/conversations/list";
import { useRouter } from "./router";
import { conversationOf } from "./routes";

export function useShortcuts(
  conversations: readonly Conversation[],
  onOver: (over: "switcher" | "keys") => void,
): void {
  const router = useRouter();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.isComposing) return;
      const isMod = event.ctrlKey || event.metaKey;
      const isWriting =
        (event.target as Element | null)?.closest?.("input, textarea, [contenteditable]") != null;
      const isOver =
        document.querySelector("[role=dialog], [role=alertdialog], [role=menu], [role=listbox]") !== null;
      if (isMod && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        return onOver("switcher");
      }
      if (isMod && event.shiftKey && event.key.toLowerCase() === "f") {
        event.preventDefault();
        return router.go("search", {});
      }
      if (event.altKey && !isMod && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        return step(event.key === "ArrowUp" ? -1 : 1);
      }
      if (event.key === "?" && !isWriting && !isMod && !isOver) {
        event.preventDefault();
        return onOver("keys");
      }
      if (event.key === "Escape" && !isOver) leave();
    };
    const step = (by: number) => {
      const all = ordered(conversations);
      const at = all.findIndex((each) => each.id === conversationOf(router.route));
      const next = all[at < 0 ? 0 : (at + by + all.length) % all.length];
      if (next) router.go("conversation", { id: next.id });
    };
    // The innermost thing: a panel beside the conversation, or a moment gone to.
    const leave = () => {
      const id = conversationOf(router.route);
      if (id && router.route.name !== "conversation") router.go("conversation", { id });
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [conversations, router, onOver]);
}
