/** Whoever has just joined is led to the first conversation: with who invited them, or everybody's. */
import { useEffect } from "react";
import type { Conversation, Person } from "../client/api";
import { useHere } from "./here";
import { useRouter } from "./router";

let hasJustJoined = false;

export function joined(): void {
  hasJustJoined = true;
}

export function useArrival(conversations: readonly Conversation[]): void {
  const router = useRouter();
  const { me, person } = useHere();
  const self = person(me.user);
  useEffect(() => {
    // Conversations come one after the other while the directory is read: until one is there this waits.
    if (!hasJustJoined || !self) return;
    const first = firstOf(conversations, self);
    if (!first) return;
    hasJustJoined = false;
    // On a phone the list is the place to begin: the way back is seen first.
    const isWide = matchMedia("(min-width: 760px)").matches;
    if (isWide && router.route.name === "home") router.replace("conversation", { id: first.id });
  }, [conversations, router, self]);
}

function firstOf(conversations: readonly Conversation[], self: Person): Conversation | undefined {
  const inviter = self.invitedBy;
  const direct = conversations.find(
    (each) => each.kind === "direct" && inviter !== null && each.people.includes(inviter),
  );
  return direct ?? conversations.find((each) => each.kind === "general");
}
