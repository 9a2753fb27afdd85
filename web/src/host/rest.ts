/** The server's REST routes (docs/protocol/sign-in.md), of the same origin. What it refuses comes as a Refusal. */
import type { Act, MadePasskey, Passkey } from "../client/api";
import { Refusal } from "../client/refusal";
import type * as wire from "../rest/generated/types.gen";
import { type Bytes, base64url, type Fields, fromBase64url, hex } from "./bytes";

const TIMEOUT_MS = 30_000;
const PROTOCOL = 1;
const PEOPLE_PAGE = 200;
const NOT_READY = [502, 503, 504];

/** token: for Open and Authorization, until expiresMs (the server's clock). */
export interface Session {
  token: string;
  expiresMs: number;
}

/** A session that may only do what a return needs. */
export interface Recovery extends Session {
  org: Bytes;
  user: Bytes;
  account: string;
}

export interface Organisation {
  serverKey: Bytes;
}

/** What the engine's sign_in gave. */
export interface Signed {
  device: Uint8Array;
  client_nonce: Uint8Array;
  time_ms: number;
  signature: Uint8Array;
}

export type Options = wire.CeremonyOptions;
export type Password = { password: string; code: string };

export class Rest {
  readonly origin = location.origin;

  async organisation(): Promise<Organisation> {
    const found = await this.#ask<wire.OrganisationAnswer>("GET", "/organisation");
    if (!found.protocol.includes(PROTOCOL))
      throw new Refusal("NotAServer", "This server speaks another version of Inmost.");
    return { serverKey: fromBase64url(found.server_key) };
  }

  /** Refused: WeakPassword, SecondFactorRefused, InvitationClaimedTwice, InvitationExpired, ... Gives backup codes. */
  async claim(entry: Uint8Array, password: string, totpSecret: Uint8Array, code: string): Promise<string[]> {
    const totp = { totp_secret: base64url(totpSecret), totp_code: code };
    const body: wire.ClaimRequest = { entry: base64url(entry), password, ...totp };
    const claimed = await this.#ask<wire.ClaimAnswer>("POST", "/claims", body);
    return claimed.backup_codes;
  }

  claimOptions(entry: Uint8Array): Promise<Options> {
    return this.#ask("POST", "/claims/options", {
      entry: base64url(entry),
    } satisfies wire.ClaimOptionsRequest);
  }

  /** Refused: PasskeyNotTaken, InvitationClaimedTwice, ... */
  async claimWithPasskey(entry: Uint8Array, credential: unknown, name: string): Promise<void> {
    const passkey = { credential: withoutSecret(credential), name };
    await this.#ask("POST", "/claims", { entry: base64url(entry), passkey } satisfies wire.ClaimRequest);
  }

  async challenge(device: Uint8Array): Promise<Bytes> {
    const body: wire.ChallengeRequest = { device: base64url(device) };
    const answer = await this.#ask<wire.Challenge>("POST", "/challenges", body);
    return fromBase64url(answer.server_nonce);
  }

  async session(signed: Signed, serverNonce: Uint8Array): Promise<Session> {
    return session(
      await this.#ask("POST", "/sessions", {
        device: base64url(signed.device),
        server_nonce: base64url(serverNonce),
        client_nonce: base64url(signed.client_nonce),
        time_ms: signed.time_ms,
        signature: base64url(signed.signature),
      }),
    );
  }

  async recovery(account: string, password: string, code: string): Promise<Recovery> {
    const body: wire.RecoveryRequest = { account, password, code };
    return recovery(await this.#ask("POST", "/recoveries", body));
  }

  recoveryOptions(): Promise<Options> {
    return this.#ask("POST", "/recoveries/options");
  }

  async recoveryByPasskey(assertion: unknown): Promise<Recovery> {
    return recovery(await this.#ask("POST", "/recoveries/passkey", { assertion: withoutSecret(assertion) }));
  }

  stepUpOptions(session: Session, act: Act): Promise<Options> {
    return this.#ask("POST", "/step-ups/options", { act } satisfies wire.ActRequest, session);
  }

  async stepUp(session: Session, act: Act, factor: Password | { assertion: unknown }): Promise<void> {
    const shown = "assertion" in factor ? { assertion: withoutSecret(factor.assertion) } : factor;
    await this.#ask("POST", "/step-ups", { act, ...shown } satisfies wire.StepUpRequest, session);
  }

  async passkeys(session: Session): Promise<Omit<Passkey, "opensVault">[]> {
    const found = await this.#ask<wire.PasskeyShown[]>("GET", "/passkeys", undefined, session);
    return found.map(passkey);
  }

  passkeyOptions(session: Session): Promise<Options> {
    return this.#ask("POST", "/passkeys/options", undefined, session);
  }

  async addPasskey(session: Session, made: MadePasskey): Promise<Omit<Passkey, "opensVault">> {
    const body: wire.PasskeyRequest = { credential: withoutSecret(made.response), name: made.name };
    return passkey(await this.#ask("POST", "/passkeys", body, session));
  }

  async removePasskey(session: Session, id: string): Promise<void> {
    await this.#ask("DELETE", `/passkeys/${encodeURIComponent(id)}`, undefined, session);
  }

  async resetSecondFactor(
    session: Session,
    user: Uint8Array,
  ): Promise<{ code: string; expiresAtMs: number }> {
    const path = `/people/${base64url(user)}/second-factor-reset`;
    const answer = await this.#ask<wire.ResetAnswer>("POST", path, {} satisfies wire.ResetRequest, session);
    return { code: answer.reset_code, expiresAtMs: answer.expires_ms };
  }

  /** Everybody, page by page. */
  async people(session: Session): Promise<wire.Person[]> {
    const found: wire.Person[] = [];
    let after: string | null = null;
    do {
      const query: string = `?limit=${PEOPLE_PAGE}${after === null ? "" : `&after=${encodeURIComponent(after)}`}`;
      const page: wire.People = await this.#ask("GET", `/people${query}`, undefined, session);
      found.push(...page.people);
      after = page.next;
    } while (after !== null);
    return found.map((each) => ({ ...each, user: hex(fromBase64url(each.user)) }));
  }

  /** Answers with the JSON; {} where there is none. */
  async #ask<Shape>(method: string, path: string, body?: unknown, session?: Session): Promise<Shape> {
    const answer = await this.#fetch(method, path, body, session);
    const text = await answer.text();
    let json: unknown = null;
    try {
      json = text === "" ? {} : JSON.parse(text);
    } catch {
      // Not ours: said below.
    }
    if (!answer.ok) throw problem(answer, json);
    if (typeof json !== "object" || json === null)
      throw new Refusal("NotAServer", "What answers is not an Inmost server.");
    return json as Shape;
  }

  async #fetch(method: string, path: string, body: unknown, session?: Session): Promise<Response> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (session !== undefined) headers.Authorization = `Bearer ${session.token}`;
    try {
      return await fetch(`${this.origin}/api/v1${path}`, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new Refusal("Offline", "The server cannot be reached.");
    }
  }
}

/** An RFC 9457 problem as a refusal. */
function problem(answer: Response, json: unknown): Refusal {
  const said = (json ?? {}) as Partial<wire.Problem>;
  const words = String(said.detail ?? said.title ?? "");
  if (NOT_READY.includes(answer.status)) return new Refusal("Offline", words || "The server is not ready.");
  if (typeof said.code !== "string")
    return new Refusal("NotAServer", `What answers is not an Inmost server (HTTP ${answer.status}).`);
  return new Refusal(said.code, words, said.retry_after_ms ?? null, (said.act as Act | undefined) ?? null);
}

/** A passkey's response as it may go to the server: what its PRF gave stays here. */
function withoutSecret(response: unknown): Fields {
  return { ...(response as Fields), clientExtensionResults: {} };
}

function session(answer: { token: string; expires_ms: number }): Session {
  return { token: answer.token, expiresMs: answer.expires_ms };
}

function recovery(answer: wire.RecoveryAnswer): Recovery {
  const { org, user, account } = answer;
  return { ...session(answer), org: fromBase64url(org), user: fromBase64url(user), account };
}

function passkey(seen: wire.PasskeyShown): Omit<Passkey, "opensVault"> {
  return {
    id: seen.id,
    name: seen.name,
    isSynced: seen.synced,
    createdAtMs: seen.created_ms,
    lastUsedDay: seen.last_used_day,
    alarmAtMs: seen.alarm_ms,
  };
}
