/** One WebSocket to the server: opens it with a session, hands frames on, writes frames in order. */
import { Refusal } from "../client/refusal";
import { type Bytes, hex, pack, random, unpack } from "./bytes";

const SUBPROTOCOL = "inmost.1";
const PROTOCOL = 1;
const OPEN_TIMEOUT_MS = 20_000;
const OPEN = 1;
const OPENED = 101;
const REFUSED = 102;
const GOODBYE = 160;
const ID_BYTES = 16;

export class Connection {
  readonly #socket: WebSocket;
  #openId: Bytes = random(ID_BYTES);
  /** Why the server closed, once it said so. */
  goodbye: Refusal | null = null;
  onFrame: (frame: Uint8Array) => void = () => undefined;
  onEnd: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Connect and open. Refused: Offline, NotAServer, or as the server says (the session is not good). */
  static async open(origin: string, token: string): Promise<Connection> {
    const socket = new WebSocket(`${origin.replace(/^http/, "ws")}/v1/connect`, [SUBPROTOCOL]);
    socket.binaryType = "arraybuffer";
    const connection = new Connection(socket);
    try {
      await connection.#first(token);
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.onmessage = ({ data }) => connection.#came(data);
    socket.onclose = () => connection.onEnd();
    return connection;
  }

  #first(token: string): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const offline = () => reject(new Refusal("Offline", "The server cannot be reached."));
      const timer = setTimeout(offline, OPEN_TIMEOUT_MS);
      socket.onclose = offline;
      socket.onopen = () => socket.send(this.#openFrame(token));
      socket.onmessage = ({ data }) => {
        clearTimeout(timer);
        // What comes right behind it waits for its receiver.
        socket.onmessage = null;
        const answer = frameOf(data);
        if (answer?.[0] === OPENED) resolve();
        else if (answer?.[0] === REFUSED) reject(new Refusal(answer[2] as string, answer[3] as string));
        else if (answer?.[0] === GOODBYE) reject(new Refusal(answer[1] as string, answer[2] as string));
        else reject(new Refusal("NotAServer", "What answers is not an Inmost server."));
      };
    });
  }

  #openFrame(token: string): Bytes {
    this.#openId = random(ID_BYTES);
    return pack([OPEN, this.#openId, token, PROTOCOL, `inmost-web/${__VERSION__}`]);
  }

  #came(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return;
    const frame = new Uint8Array(data);
    const tag = tagOf(frame);
    if (tag === OPENED || tag === REFUSED) {
      const answer = frameOf(data);
      // A renewal refused shows as Goodbye "expired" when the old session ends.
      if (answer?.[1] instanceof Uint8Array && hex(answer[1]) === hex(this.#openId)) return;
    }
    if (tag === GOODBYE) {
      const said = frameOf(data);
      if (said !== null) this.goodbye = new Refusal(String(said[1]), String(said[2]));
    }
    this.onFrame(frame);
  }

  /** Extend the connection with a newer session. */
  renew(token: string): void {
    this.send(this.#openFrame(token));
  }

  /** Dropped once the connection is gone, as the engine expects. */
  send(frame: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame as Bytes);
  }

  close(): void {
    this.#socket.close();
  }
}

/** The first field of [tag, ...], without decoding the rest. */
function tagOf(frame: Uint8Array): number {
  const [head = 0] = frame;
  const at = head === 0xdc ? 3 : 1;
  const tag = frame[at] ?? 0;
  return tag === 0xcc ? (frame[at + 1] ?? 0) : tag;
}

function frameOf(data: unknown): unknown[] | null {
  try {
    const frame = data instanceof ArrayBuffer ? unpack(new Uint8Array(data)) : null;
    return Array.isArray(frame) ? frame : null;
  } catch {
    return null;
  }
}
