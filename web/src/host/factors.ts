/** What proves a person: step-ups, and one's own passkeys, which may open the vault too. */
import type { Act, Factor, MadePasskey, Passkey } from "../client/api";
import { Refusal } from "../client/refusal";
import type { Acts } from "./acts";
import { fromBase64url } from "./bytes";
import type { Host } from "./host";
import type { Options } from "./rest";

export class Factors {
  readonly #host: Host;
  readonly #acts: Acts;

  constructor(host: Host, acts: Acts) {
    this.#host = host;
    this.#acts = acts;
  }

  async stepUpOptions(act: Act): Promise<Options | null> {
    try {
      const options = await this.#host.rest.stepUpOptions(await this.#host.session(), act);
      const { allowCredentials } = options.publicKey as { allowCredentials?: unknown[] };
      return allowCredentials !== undefined && allowCredentials.length > 0 ? options : null;
    } catch (error) {
      if (error instanceof Refusal && error.code === "PasskeysNeedAName") return null;
      throw error;
    }
  }

  /** With act "add_passkey", a passkey that gives a vault secret opens the vault from here on. */
  async stepUp(act: Act, factor: Factor): Promise<void> {
    const shown = "passkey" in factor ? { assertion: factor.passkey.response } : factor;
    await this.#host.rest.stepUp(await this.#host.session(), act, shown);
    if (act === "add_passkey" && "passkey" in factor) await this.#openVault(factor.passkey);
  }

  async all(): Promise<Passkey[]> {
    const found = await this.#host.rest.passkeys(await this.#host.session());
    return found.map((each) => ({ ...each, opensVault: this.#opensVault(each.id) }));
  }

  async options(): Promise<Options> {
    return this.#host.rest.passkeyOptions(await this.#host.session());
  }

  async add(made: MadePasskey): Promise<Passkey> {
    const added = await this.#host.rest.addPasskey(await this.#host.session(), made);
    await this.#openVault(made);
    return { ...added, opensVault: this.#opensVault(added.id) };
  }

  /** It signs nobody in and opens nothing sealed from here on. Begun and cut short, it may be said again. */
  async remove(id: string): Promise<void> {
    try {
      await this.#host.rest.removePasskey(await this.#host.session(), id);
    } catch (error) {
      const isGone = error instanceof Refusal && error.code === "NotFound";
      if (!isGone || !this.#opensVault(id)) throw error;
    }
    await this.#acts.do("remove_passkey", { credential: fromBase64url(id) });
  }

  /** Nothing where the authenticator has no PRF: then the recovery key brings the history back. */
  async #openVault({ response, vaultSecret }: MadePasskey): Promise<void> {
    const { id } = response as { id: string };
    if (vaultSecret === null || this.#opensVault(id)) return;
    await this.#acts.do("add_passkey", { credential: fromBase64url(id), secret: vaultSecret });
  }

  /** By the directory, not by what the server says. */
  #opensVault(id: string): boolean {
    return this.#host.core.view("passkey", { credential: fromBase64url(id) }).opens_vault;
  }
}
