/** Joins with an invitation link: makes the device, claims the invitation, waits until everything is set up. */
import type { Calls, Joining, MadePasskey } from "../client/api";
import { Refusal } from "../client/refusal";
import { type Bytes, type Fields, pack, random, unpack } from "./bytes";
import type { Host } from "./host";
import type { Options } from "./rest";

const CLAIM = "claim";
const TOTP_SECRET_BYTES = 20;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A claim not finished, kept in the encrypted store, so that trying again after a crash is the same claim. */
interface Pending {
  entry: Bytes;
  account: string;
  recoveryKey: string;
  totpSecret: Bytes;
  link: string;
  name: string;
  /** A claim of it may be with the server: from then on it stays the same one. */
  isSent: boolean;
  /** The passkey that a lost answer may have left at the server. */
  passkey: unknown;
  passkeyName: string;
}

type Factor = Parameters<Calls["joinClaim"]>[1];

export class Join {
  readonly #host: Host;
  #pending: Pending;

  private constructor(host: Host, pending: Pending) {
    this.#host = host;
    this.#pending = pending;
  }

  /** Refused: BadLink, InvitationForProgram. */
  static async begin(host: Host, link: string, name: string): Promise<Join> {
    const begun = await begin(host, link, name);
    const pending = {
      entry: begun.entry,
      account: begun.account,
      recoveryKey: begun.recovery_key ?? "",
      totpSecret: random(TOTP_SECRET_BYTES),
      link,
      name,
      isSent: false,
      passkey: null,
      passkeyName: "",
    };
    const join = new Join(host, pending);
    join.#keep();
    return join;
  }

  /** The one that was begun before; null: none was. */
  static of(host: Host): Join | null {
    const kept = host.core.database.setting(CLAIM);
    return kept === null ? null : new Join(host, unpack(kept) as Pending);
  }

  /** Begin again, perhaps with another name: the same person, keys and recovery key. */
  async again(name: string): Promise<void> {
    if (this.#pending.isSent || name === this.#pending.name) return;
    this.#pending.entry = (await begin(this.#host, this.#pending.link, name)).entry;
    this.#pending.name = name;
    this.#keep();
  }

  get account(): string {
    return this.#pending.account;
  }

  get link(): string {
    return this.#pending.link;
  }

  get shown(): Joining {
    const { account, recoveryKey, totpSecret } = this.#pending;
    const secret = base32(totpSecret);
    const label = encodeURIComponent(`${location.host}:${account}`);
    return {
      account,
      organisation: location.host,
      role: "",
      isBot: false,
      inviter: "",
      recoveryKey,
      totpSecret: secret,
      totpUri: `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(location.host)}`,
    };
  }

  passkeyOptions(): Promise<Options> {
    return this.#host.rest.claimOptions(this.#pending.entry);
  }

  /** Refused as the server refuses: what asks for another answer may be given again. */
  async claim(factor: Factor): Promise<{ backupCodes: string[] }> {
    this.#pending.isSent = true;
    this.#keep();
    try {
      return await this.#claim(factor);
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "ClockSkewed")) throw error;
      // It stood here for long: the same person, signed anew with the time of now.
      this.#pending.entry = (await begin(this.#host, this.#pending.link, this.#pending.name)).entry;
      this.#keep();
      return this.#claim(factor);
    }
  }

  async #claim(factor: Factor): Promise<{ backupCodes: string[] }> {
    const { entry, totpSecret } = this.#pending;
    if ("passkey" in factor) {
      await this.#claimWithPasskey(factor.passkey);
      return { backupCodes: [] };
    }
    const { password, code } = factor;
    return { backupCodes: await this.#host.rest.claim(entry, password, totpSecret, code) };
  }

  /** A passkey that a lost answer left behind is tried first: it may be the one that the server has. */
  async #claimWithPasskey({ response, name }: MadePasskey): Promise<void> {
    const { rest } = this.#host;
    if (this.#pending.passkey !== null) {
      try {
        await rest.claimWithPasskey(this.#pending.entry, this.#pending.passkey, this.#pending.passkeyName);
        return;
      } catch (error) {
        if (!(error instanceof Refusal && error.code === "PasskeyNotTaken")) throw error;
      }
    }
    this.#pending.passkey = { ...(response as Fields), clientExtensionResults: {} };
    this.#pending.passkeyName = name;
    this.#keep();
    await rest.claimWithPasskey(this.#pending.entry, response, name);
  }

  /** Whether a claim with a passkey reached the server before this browser heard of it: then this device may sign in. */
  async wasTaken(): Promise<boolean> {
    if (!this.#pending.isSent || this.#pending.passkey === null) return false;
    try {
      await this.#host.session();
      return true;
    } catch {
      return false;
    }
  }

  /** The claim was accepted. */
  async finish(): Promise<void> {
    if (this.#host.core.view("me").phase === "claiming") {
      const { serverKey } = await this.#host.rest.organisation();
      await this.#host.command("claimed", { server_key: serverKey });
    }
    this.#host.connect();
    await this.#host.ready();
    if (this.#host.core.view("me").phase !== "ready")
      throw new Refusal(
        "NotAServer",
        "The server accepted the invitation but this device is not in its directory.",
      );
    this.#host.core.database.set(CLAIM, null);
  }

  #keep(): void {
    this.#host.core.database.set(CLAIM, pack(this.#pending));
  }
}

function begin(host: Host, link: string, name: string): Promise<Fields> {
  return host.command("begin", { link, name, origin: host.rest.origin, is_bot: false });
}

function base32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => BASE32[Number.parseInt(five.padEnd(5, "0"), 2)])
    .join("");
}
