/** What a person does: each wish as the engine's command. What is dangerous is refused with the act that needs a fresh factor. */
import type { Act, Calls, Content, Hex, Ref } from "../client/api";
import { Refusal } from "../client/refusal";
import { type Fields, fromHex, hex } from "./bytes";
import type { Host } from "./host";
import { pairOf } from "./timeline";

const LEAVING_POLL_MS = 200;
/** Commands that the server may answer with StepUpRequired, and the act that is then meant. */
const ACTS: Record<string, Act> = {
  suspend: "suspend",
  set_role: "role",
  invite: "invite_administrator",
  add_passkey: "add_passkey",
  remove_passkey: "remove_passkey",
};

/** call: the id under which it is remembered as done. */
export class Acts {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Resolves when it is in the store. Refused: TooLarge, NotAMember, ... */
  send(conversation: Hex, content: Content, call: string): Promise<{ id: Hex }> {
    const given = { conversation: fromHex(conversation), content: fields(content) };
    return new Promise((resolve, reject) => {
      // It waits for the network as long as it must; what refuses it after that takes its row away.
      const kept = (answer: unknown) => answer && resolve(answer as { id: Hex });
      this.#host.command("send", given, call, kept).catch(reject);
    });
  }

  async create(
    kind: string,
    title: string | null,
    people: Hex[],
    more: Parameters<Calls["create"]>[3],
    call: string,
  ): Promise<Hex> {
    const users = people.map(fromHex);
    return hex((await this.do("create", { kind, title, users, ...more }, call)).conversation);
  }

  async leave(conversation: Hex): Promise<boolean> {
    const id = fromHex(conversation);
    const left = this.do("leave", { conversation: id }).then(() => true);
    for (;;) {
      const pause = new Promise<false>((resolve) => setTimeout(() => resolve(false), LEAVING_POLL_MS));
      if (await Promise.race([left, pause])) return true;
      if (this.#host.core.view("conversation", { conversation: id }).removal_pending) {
        // The wish is with the server. What becomes of it is told as any change.
        left.catch(() => undefined);
        return false;
      }
    }
  }

  async invite(
    account: string,
    role: string,
    isBot: boolean,
    name: string,
    expiresMs: number,
  ): Promise<string> {
    const given = { account, role, is_bot: isBot, name: name || account, expires_ms: expiresMs };
    const { fragment } = await this.do("invite", given);
    return fragment.includes("://")
      ? fragment
      : `${this.#host.rest.origin}/join#${fragment.replace(/^#/, "")}`;
  }

  /** A command, with the act that it needs named in what refuses it. */
  async do(name: string, given: Fields, call: string | null = null): Promise<Fields> {
    try {
      return await this.#host.command(name, given, call);
    } catch (error) {
      if (error instanceof Refusal && error.code === "StepUpRequired")
        throw new Refusal(error.code, error.words, null, ACTS[name] ?? error.act);
      throw error;
    }
  }
}

/** Content as the engine takes it. */
function fields(content: Content): Fields {
  const pair = (ref: Ref | undefined) => (ref === undefined ? null : pairOf(ref));
  switch (content.type) {
    case "text":
      return {
        type: "text",
        text: content.text,
        mentions: content.mentions.map(fromHex),
        reply_to: pair(content.replyTo),
        thread: pair(content.thread),
        expires_after_ms: content.expiresAfterMs ?? null,
      };
    case "poll":
      return {
        type: "poll",
        text: content.text,
        options: content.options,
        multiple: content.multiple,
        thread: pair(content.thread),
        expires_after_ms: content.expiresAfterMs ?? null,
      };
    case "edit":
      return { ...content, target: pairOf(content.target), mentions: content.mentions.map(fromHex) };
    case "vote":
      return {
        ...content,
        target: pairOf(content.target),
        choices: [...new Set(content.choices)].sort((a, b) => a - b),
      };
    case "delete":
    case "react":
    case "pin":
    case "close":
      return { ...content, target: pairOf(content.target) };
    case "title":
    case "topic":
      return { ...content };
    default:
      throw new Refusal("Malformed", "Inmost knows no such content.");
  }
}
