/** How somebody's identity is known, as one of the marks. */
import type { Person } from "../../client/api";
import type { TrustLevel } from "../../ui/trust";

export function trustOf(person: Person): TrustLevel {
  if (person.isVerified || person.level === "in_person") return "in_person";
  if (person.level === "owner" || person.level === "link" || person.level === "reset") return person.level;
  // A word this version does not know is no reason to trust more.
  return "server";
}
