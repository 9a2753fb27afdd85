/** How the store's key is kept: sealed by a passkey's PRF output or a passphrase, or wrapped by a key that this browser does not give out. */
import { argon2id } from "hash-wasm";
import type { Keep } from "../client/api";
import { Refusal } from "../client/refusal";
import { type Bytes, joined, random, same } from "./bytes";
import { NOTE_VERSION, type Note, type Wrap } from "./note";

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const MEMORY_KIB = 65_536;
const PASSES = 3;
const LANES = 1;
const text = new TextEncoder();
const ASSOCIATED = text.encode("inmost/1 client store key");
const CHECK = text.encode("inmost/1 client store key check");
const FROM_PASSKEY = text.encode("inmost/1 web store");

export function makeKey(): Bytes {
  return random(KEY_BYTES);
}

/** What is noted of a key that is kept like this. Refused: PassphraseNeeded, NoSecret. */
export async function keep(key: Bytes, how: Keep, account: string): Promise<Note> {
  const common = { version: NOTE_VERSION, account, check: await checkOf(key) } as const;
  if (how.custody === "passkey")
    return { ...common, kind: "passkey", wraps: [await wrap(key, how.credential, how.secret)] };
  if (how.custody === "passphrase") {
    if (typeof how.passphrase !== "string" || how.passphrase === "")
      throw new Refusal("PassphraseNeeded", "A passphrase is needed.");
    const salt = random(SALT_BYTES);
    return {
      ...common,
      kind: "passphrase",
      salt,
      ...(await seal(key, await ofPassphrase(how.passphrase, salt))),
    };
  }
  if (how.custody !== "browser") throw new Refusal("Malformed", "A key cannot be kept like that.");
  const wrapping = await crypto.subtle.generateKey({ name: "AES-KW", length: 256 }, false, [
    "wrapKey",
    "unwrapKey",
  ]);
  const sealed = new Uint8Array(
    await crypto.subtle.wrapKey("raw", await importable(key), wrapping, "AES-KW"),
  );
  return { ...common, kind: "browser", key: wrapping, sealed };
}

/** The same note, which one more passkey opens. Others are left as they are. */
export async function keepFor(note: Note, key: Bytes, credential: string, secret: Uint8Array): Promise<Note> {
  if (note.kind !== "passkey") return note;
  const others = note.wraps.filter((each) => each.credential !== credential);
  return { ...note, wraps: [...others, await wrap(key, credential, secret)] };
}

export function keepWithout(note: Note, credential: string): Note {
  if (note.kind !== "passkey" || note.wraps.length < 2) return note;
  return { ...note, wraps: note.wraps.filter((each) => each.credential !== credential) };
}

export type Secret = { passphrase: string } | { storeSecret: Uint8Array } | null;

/** The key. Refused: WrongPassphrase, WrongKey, StoreDamaged. */
export async function find(note: Note, secret: Secret): Promise<Bytes> {
  const key = await found(note, secret);
  if (!(await isKeyOf(note, key)))
    throw new Refusal("StoreDamaged", "The note of this store's key was changed.");
  return key;
}

async function found(note: Note, secret: Secret): Promise<Bytes> {
  if (note.kind === "passphrase") {
    if (secret === null || !("passphrase" in secret))
      throw new Refusal("WrongPassphrase", "A passphrase is needed.");
    const key = await unseal(note, await ofPassphrase(secret.passphrase, note.salt));
    if (key === null) throw new Refusal("WrongPassphrase", "That is not the passphrase.");
    return key;
  }
  if (note.kind === "passkey") {
    if (secret === null || !("storeSecret" in secret)) throw new Refusal("WrongKey", "A passkey is needed.");
    for (const each of note.wraps) {
      const key = await unseal(each, await ofPasskey(secret.storeSecret, each.salt));
      if (key !== null) return key;
    }
    throw new Refusal("WrongKey", "That passkey does not open what is kept here.");
  }
  try {
    const usage = ["encrypt", "decrypt"] as const;
    const key = await crypto.subtle.unwrapKey("raw", note.sealed, note.key, "AES-KW", "AES-GCM", true, [
      ...usage,
    ]);
    return new Uint8Array(await crypto.subtle.exportKey("raw", key));
  } catch {
    throw new Refusal("StoreDamaged", "The key of what is kept here was changed.");
  }
}

/** Whether it is the key that the note is of. */
export async function isKeyOf(note: Note, key: Bytes): Promise<boolean> {
  return same(note.check, await checkOf(key));
}

async function checkOf(key: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(CHECK, key)));
}

async function wrap(key: Bytes, credential: string, secret: Uint8Array): Promise<Wrap> {
  const salt = random(SALT_BYTES);
  return { credential, salt, ...(await seal(key, await ofPasskey(secret, salt))) };
}

async function ofPasskey(secret: Uint8Array, salt: Bytes): Promise<CryptoKey> {
  if (!(secret instanceof Uint8Array) || secret.length !== KEY_BYTES)
    throw new Refusal("NoSecret", "This passkey gives nothing that a key can be kept with.");
  const material = await crypto.subtle.importKey("raw", secret as Bytes, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: FROM_PASSKEY };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}

async function ofPassphrase(passphrase: string, salt: Bytes): Promise<CryptoKey> {
  const hash = await argon2id({
    password: String(passphrase).normalize("NFC"),
    salt,
    memorySize: MEMORY_KIB,
    iterations: PASSES,
    parallelism: LANES,
    hashLength: KEY_BYTES,
    outputType: "binary",
  });
  return importable(hash as Bytes, false);
}

function importable(key: Bytes, isExtractable = true): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", isExtractable, ["encrypt", "decrypt"]);
}

async function seal(key: Bytes, by: CryptoKey): Promise<{ nonce: Bytes; sealed: Bytes }> {
  const nonce = random(NONCE_BYTES);
  const how = { name: "AES-GCM", iv: nonce, additionalData: ASSOCIATED };
  return { nonce, sealed: new Uint8Array(await crypto.subtle.encrypt(how, by, key)) };
}

/** null: it is not what sealed it, or what is sealed was changed. */
async function unseal(
  { nonce, sealed }: { nonce: Bytes; sealed: Bytes },
  by: CryptoKey,
): Promise<Bytes | null> {
  try {
    const how = { name: "AES-GCM", iv: nonce, additionalData: ASSOCIATED };
    return new Uint8Array(await crypto.subtle.decrypt(how, by, sealed));
  } catch {
    return null;
  }
}
