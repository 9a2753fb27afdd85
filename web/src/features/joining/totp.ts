/** RFC 6238 as authenticators do it (SHA-1, six figures, 30 s): to see at once whether the person's app has the secret, and to claim with a fresh
 * code after the recovery key was saved, when the one that was typed has run out. */

const PERIOD_MS = 30_000;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export async function codeAt(secret: string, atMs: number): Promise<string> {
  const key = await crypto.subtle.importKey(
    "raw",
    fromBase32(secret),
    { name: "HMAC", hash: "SHA-1" },
    false,
    ["sign"],
  );
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(Math.floor(atMs / PERIOD_MS)));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter.buffer));
  const offset = mac.getUint8(19) & 15;
  return String((mac.getUint32(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Whether an authenticator with this secret shows this code now, or showed it half a minute ago or will in half a minute. */
export async function isCode(secret: string, typed: string, nowMs: number): Promise<boolean> {
  const near = await Promise.all([-1, 0, 1].map((step) => codeAt(secret, nowMs + step * PERIOD_MS)));
  return near.includes(typed);
}

function fromBase32(text: string): Uint8Array<ArrayBuffer> {
  const clean = text.toUpperCase().replace(/[^A-Z2-7]/g, "");
  const bytes = new Uint8Array(Math.floor((clean.length * 5) / 8));
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const letter of clean) {
    value = (value << 5) | LETTERS.indexOf(letter);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (value >>> bits) & 255;
  }
  return bytes;
}
