/** Who is there, as the engine proves it: people, devices, invitations, alarms. */
import type { Alarm, Device, Hex, Invitation, Person } from "../client/api";
import { type Fields, fromHex, hex, hexOrNull } from "./bytes";
import type { Host } from "./host";

export class People {
  readonly #host: Host;
  #byId: Map<Hex, Person> | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** After a change of the directory, of presence or of a mark. */
  forget(): void {
    this.#byId = null;
  }

  get byId(): Map<Hex, Person> {
    this.#byId ??= new Map(this.#view("people").map((seen) => [hex(seen.user), person(seen)]));
    return this.#byId;
  }

  /** By account, those who are no longer here too. */
  all(): Person[] {
    return [...this.byId.values()].sort((one, other) => (one.account < other.account ? -1 : 1));
  }

  name(user: Hex): string {
    const person = this.byId.get(user);
    return person ? person.name || person.account : user.slice(0, 8);
  }

  devices(): Device[] {
    return this.#view("devices").map(device);
  }

  invitations(): Invitation[] {
    return this.#view("invitations").map((seen) => ({
      id: hex(seen.invitation),
      account: seen.account,
      role: seen.role,
      isBot: seen.is_bot,
      by: hexOrNull(seen.inviter),
      expiresAtMs: seen.expires_ms ?? null,
      state: stateOf(seen),
    }));
  }

  alarms(): Alarm[] {
    return this.#view("alarms").map(alarm);
  }

  safetyNumber(user: Hex): string {
    return this.#host.core.view("safety", { user: fromHex(user) }).number;
  }

  #view(name: string): Fields[] {
    return this.#host.core.view(name);
  }
}

export function alarm(seen: Fields): Alarm {
  return {
    kind: seen.kind,
    words: seen.words,
    atMs: seen.at_ms ?? Date.now(),
    conversation: hexOrNull(seen.conversation),
    person: hexOrNull(seen.user),
    device: hexOrNull(seen.device),
  };
}

function person(seen: Fields): Person {
  return {
    id: hex(seen.user),
    account: seen.account,
    name: seen.name,
    role: seen.role,
    isBot: seen.is_bot,
    isSuspended: seen.suspended,
    level: seen.level ?? "",
    isVerified: seen.verified,
    devices: (seen.devices as Fields[]).map(device),
    invitedBy: hexOrNull(seen.invited_by),
    presence: seen.presence ?? null,
  };
}

function device(seen: Fields): Device {
  return {
    id: hex(seen.device),
    isActive: seen.active,
    addedAtMs: seen.added_ms ?? null,
    isThis: seen.is_this,
  };
}

/** "open", "claimed", "withdrawn" or "expired". */
function stateOf(seen: Fields): string {
  if (seen.withdrawn) return "withdrawn";
  const isClaimed = Array.isArray(seen.claimed_by) ? seen.claimed_by.length > 0 : Boolean(seen.claimed_by);
  if (isClaimed) return "claimed";
  return seen.expires_ms !== null && seen.expires_ms < Date.now() ? "expired" : "open";
}
