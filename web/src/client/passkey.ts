/** The ceremonies with a passkey, in the tab: made, or used. What its PRF gives is taken out of what goes to the server. */
import type { MadePasskey } from "./api";
import { Refusal } from "./refusal";

const PRF_BYTES = 32;
const text = new TextEncoder();
/** The authenticator's secrets: one opens the vault, one keeps the key of this browser's store. */
const PRF = { eval: { first: text.encode("inmost/1 vault"), second: text.encode("inmost/1 web store") } };

interface Options {
  publicKey: unknown;
}

interface Secrets {
  prf?: { results?: { first?: BufferSource; second?: BufferSource } };
}

/** Whether this browser can do it at all. */
export function passkeysWork(): boolean {
  return typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;
}

/** Make one. name: how its owner tells it from others. Refused: PasskeyCancelled, PasskeyThere, PasskeysDoNotWork. */
export async function makePasskey(options: Options, name: string): Promise<MadePasskey> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options.publicKey as PublicKeyCredentialCreationOptionsJSON,
  );
  publicKey.extensions = { ...publicKey.extensions, prf: PRF };
  const made = await ceremony(() => navigator.credentials.create({ publicKey }));
  const passkey = told(made, name);
  if (passkey.vaultSecret !== null || !hasPrf(made)) return passkey;
  // Many authenticators give the secrets only when the passkey is used: once more, for them alone.
  const secrets = await secretsOf(made.rawId, publicKey.rp.id);
  return { ...passkey, ...secrets };
}

/** Use one of those that the options allow. Refused: PasskeyCancelled, PasskeysDoNotWork. */
export async function usePasskey(options: Options): Promise<MadePasskey> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options.publicKey as PublicKeyCredentialRequestOptionsJSON,
  );
  publicKey.extensions = { ...publicKey.extensions, prf: PRF };
  return told(await ceremony(() => navigator.credentials.get({ publicKey })), "");
}

/** Use a passkey for what keeps this browser's store, without the server. credentials: ids, base64url. */
export async function unlockWithPasskey(credentials: string[]): Promise<Uint8Array> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({
    challenge: "AAAA",
    userVerification: "required",
    allowCredentials: credentials.map((id) => ({ id, type: "public-key" })),
  });
  publicKey.challenge = crypto.getRandomValues(new Uint8Array(PRF_BYTES));
  publicKey.extensions = { prf: PRF };
  const { storeSecret } = told(await ceremony(() => navigator.credentials.get({ publicKey })), "");
  if (storeSecret === null)
    throw new Refusal("NoSecret", "This passkey gives nothing that opens what is kept here.");
  return storeSecret;
}

async function secretsOf(
  id: ArrayBuffer,
  rpId: string | undefined,
): Promise<Pick<MadePasskey, "vaultSecret" | "storeSecret">> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: crypto.getRandomValues(new Uint8Array(PRF_BYTES)),
    userVerification: "required",
    allowCredentials: [{ id, type: "public-key" }],
    extensions: { prf: PRF },
    ...(rpId === undefined ? {} : { rpId }),
  };
  const { vaultSecret, storeSecret } = told(
    await ceremony(() => navigator.credentials.get({ publicKey })),
    "",
  );
  return { vaultSecret, storeSecret };
}

async function ceremony(work: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await work();
    if (credential instanceof PublicKeyCredential) return credential;
    throw new Refusal("PasskeyCancelled", "No passkey was chosen.");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const { name, message } = error as DOMException;
    if (name === "NotAllowedError" || name === "AbortError")
      throw new Refusal("PasskeyCancelled", "It was cancelled, or took too long.");
    if (name === "InvalidStateError")
      throw new Refusal("PasskeyThere", "This device has a passkey for you already.");
    throw new Refusal("PasskeysDoNotWork", message);
  }
}

function hasPrf(credential: PublicKeyCredential): boolean {
  const { prf } = credential.getClientExtensionResults() as { prf?: { enabled?: boolean } };
  return prf?.enabled === true;
}

function told(credential: PublicKeyCredential, name: string): MadePasskey {
  const { results } = (credential.getClientExtensionResults() as Secrets).prf ?? {};
  // The server refuses what brings the secrets, and must never see them.
  const response = { ...(credential.toJSON() as object), clientExtensionResults: {} };
  return { response, name, vaultSecret: secret(results?.first), storeSecret: secret(results?.second) };
}

function secret(result: BufferSource | undefined): Uint8Array | null {
  if (result === undefined) return null;
  const bytes = ArrayBuffer.isView(result)
    ? new Uint8Array(result.buffer, result.byteOffset, result.byteLength)
    : new Uint8Array(result);
  return bytes.length === PRF_BYTES ? bytes.slice() : null;
}
