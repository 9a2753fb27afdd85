/** The client as a test drives it: this page is built by the tests and by nothing else. */
import type { CallName, Client, MadePasskey, Told } from "../../../src/client/api";
import { connect } from "../../../src/client/client";
import { makePasskey, unlockWithPasskey, usePasskey } from "../../../src/client/passkey";
import { refusalData } from "../../../src/client/refusal";

const client: Client = connect();
const told: Told[] = [];
client.subscribe((each) => told.push(each));

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await work() };
  } catch (error) {
    return { refusal: refusalData(error) };
  }
}

/** A passkey stays in the page under a name: its secrets are bytes, which a test cannot hand over. */
const passkeys = new Map<string, MadePasskey>();

/** What is named "passkey:NAME" in what a test gives stands for that passkey, "stored:NAME" for what keeps the store. */
function meant(given: unknown): unknown {
  if (typeof given === "string" && given.startsWith("passkey:")) return passkeys.get(given.slice(8));
  if (typeof given === "string" && given.startsWith("stored:"))
    return passkeys.get(given.slice(7))?.storeSecret;
  if (Array.isArray(given)) return given.map(meant);
  if (typeof given === "object" && given !== null)
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, meant(value)]));
  return given;
}

Object.assign(window, {
  told,
  ask: (name: CallName, given: unknown[]) =>
    outcome(() => (client[name] as (...given: unknown[]) => Promise<unknown>)(...given.map(meant))),
  make: (as: string, options: { publicKey: unknown }) =>
    outcome(async () => {
      const made = await makePasskey(options, as);
      passkeys.set(as, made);
      return {
        id: (made.response as { id: string }).id,
        opens: made.vaultSecret !== null,
        keeps: made.storeSecret !== null,
      };
    }),
  use: (as: string, options: { publicKey: unknown }) =>
    outcome(async () => {
      const made = await usePasskey(options);
      passkeys.set(as, made);
      return {
        id: (made.response as { id: string }).id,
        opens: made.vaultSecret !== null,
        keeps: made.storeSecret !== null,
      };
    }),
  unlock: (credentials: string[]) =>
    outcome(async () => client.unlock({ storeSecret: await unlockWithPasskey(credentials) })),
});
