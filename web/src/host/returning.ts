/** Comes back without any device of one's own: factors or a passkey for a session, recovery key or passkey for the rest. */
import type { Calls, MadePasskey } from "../client/api";
import { Refusal } from "../client/refusal";
import type { Fields } from "./bytes";
import type { Host } from "./host";
import type { Recovery, Rest } from "./rest";

export type Proof = Parameters<Calls["recover"]>[1];

/** The session that a proof gave: a code or an assertion is good once, and a mistyped recovery key must not use it up. */
export class Admission {
  #proof = "";
  #session: Recovery | null = null;

  /** Refused: SignInRefused, PasskeyRefused, RecoveryKeyNeeded, SlowDown, Offline. */
  async session(rest: Rest, proof: Proof, recoveryKey: string | null): Promise<Recovery> {
    if (secretOf(proof, recoveryKey) === null)
      throw new Refusal(
        "RecoveryKeyNeeded",
        "This passkey signs you in, but gives nothing that opens your history.",
      );
    const named = JSON.stringify("passkey" in proof ? proof.passkey.response : proof);
    if (this.#session === null || this.#proof !== named || this.#session.expiresMs < Date.now()) {
      this.#session =
        "passkey" in proof
          ? await rest.recoveryByPasskey(proof.passkey.response)
          : { ...(await rest.recovery(proof.account, proof.password, proof.code)), account: proof.account };
      this.#proof = named;
    }
    return this.#session;
  }

  forget(): void {
    this.#session = null;
    this.#proof = "";
  }
}

/** Make this device one of the account's: runs on an engine that is new. Refused: WrongRecoveryKey, BadRecoveryKey, Offline. */
export async function becomeDevice(
  host: Host,
  session: Recovery,
  proof: Proof,
  recoveryKey: string | null,
  revokeOthers: boolean,
): Promise<void> {
  host.connect(session);
  try {
    await host.connected();
    await host.command("recover", {
      ...secretOf(proof, recoveryKey),
      org: session.org,
      account: session.account,
      user: session.user,
      origin: host.rest.origin,
      revoke_others: revokeOthers,
    });
  } catch (error) {
    // Too short, a wrong letter, a wrong check: for people it is mistyped.
    if (error instanceof Refusal && error.code.startsWith("RecoveryKey"))
      throw new Refusal("BadRecoveryKey", error.words);
    throw error;
  } finally {
    await host.disconnect();
  }
}

/** What opens the vault; null: nothing was given that does. */
function secretOf(proof: Proof, recoveryKey: string | null): Fields | null {
  if (recoveryKey !== null) return { recovery_key: recoveryKey };
  const made: MadePasskey | null = "passkey" in proof ? proof.passkey : null;
  return made?.vaultSecret ? { passkey_secret: made.vaultSecret } : null;
}
