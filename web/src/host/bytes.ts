/** Bytes as text and back: hex for ids, base64url for the server's JSON, MessagePack for the engine. */
import { Decoder, Encoder } from "@msgpack/msgpack";
import type { Hex } from "../client/api";
import { Refusal } from "../client/refusal";

export type Bytes = Uint8Array<ArrayBuffer>;
/** A decoded MessagePack map of the engine's. Its shape is docs/protocol/engine.md's. */
// biome-ignore lint/suspicious/noExplicitAny: the engine's maps are read by their documented names
export type Fields = Record<string, any>;

const encoder = new Encoder();
const decoder = new Decoder();

export function pack(value: unknown): Bytes {
  return encoder.encode(value);
}

/** Byte strings in it are views of `bytes`. Throws what is no MessagePack. */
// biome-ignore lint/suspicious/noExplicitAny: see Fields
export function unpack(bytes: Uint8Array): any {
  return decoder.decode(bytes);
}

export function hex(bytes: Uint8Array): Hex {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export function hexOrNull(bytes: Uint8Array | null | undefined): Hex | null {
  return bytes ? hex(bytes) : null;
}

export function fromHex(text: Hex): Bytes {
  if (typeof text !== "string" || text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text))
    throw new Refusal("Malformed", "That is not an id.");
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

export function base64url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64url(text: string): Bytes {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function joined(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** u64, big-endian: the number in a message's key. */
export function u64(n: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(n));
  return bytes;
}
