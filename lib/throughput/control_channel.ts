/** The control connection of a test: states and JSON documents. */
import { concat } from "@std/bytes/concat";
import { isObject, type JsonObject } from "../core/json.ts";
import type { Duplex } from "../net/duplex.ts";
import { COOKIE_BYTES, STATE, type State } from "./protocol.ts";

const LENGTH_BYTES = 4;
const MAX_JSON_BYTES = 1 << 20; // 128 streams need 20 KiB

/** Reads and writes what the two sides of a test tell each other. */
export class ControlChannel {
  readonly #peer: Duplex;
  #read: Uint8Array<ArrayBuffer> = new Uint8Array(0); // and not taken yet
  #peeked: Promise<number | undefined> | undefined;

  constructor(peer: Duplex) {
    this.#peer = peer;
  }

  /** What the peer has sent behind that which was taken. */
  get rest(): Uint8Array {
    return this.#read;
  }

  /** The cookie that a connection begins with; undefined where it ends before. */
  async readCookie(): Promise<string | undefined> {
    const cookie = await this.#take(COOKIE_BYTES);
    return cookie && new TextDecoder("latin1").decode(cookie.subarray(0, -1));
  }

  /** The next state; undefined where the connection ends. */
  async readState(): Promise<number | undefined> {
    const state = await this.peekState();
    this.#peeked = undefined;
    return state;
  }

  /** The same, which stays the next one. */
  peekState(): Promise<number | undefined> {
    return this.#peeked ??= this.#take(1).then((bytes) => bytes && bytes[0]! << 24 >> 24);
  }

  /**
   * The next document.
   *
   * @throws {SyntaxError} where it is none, or is too long
   */
  async readJson(): Promise<JsonObject> {
    const length = await this.readNumber();
    if (length > MAX_JSON_BYTES) throw new SyntaxError(`a document of ${length} bytes`);
    const bytes = await this.#take(length);
    if (!bytes) throw new SyntaxError("the connection ended before its end");
    const value = parseJson(bytes);
    if (isObject(value)) return value;
    throw new SyntaxError("no JSON object");
  }

  /** The next number of four bytes; 0 where the connection ends. */
  async readNumber(): Promise<number> {
    const bytes = await this.#take(LENGTH_BYTES);
    return bytes ? new DataView(bytes.buffer).getUint32(0) : 0;
  }

  async sendCookie(cookie: Uint8Array): Promise<void> {
    await this.#peer.write(cookie);
  }

  async sendState(state: State): Promise<void> {
    await this.#peer.write(new Uint8Array([state & 0xff]));
  }

  async sendJson(value: JsonObject): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    await this.#peer.write(concat([numberBytes(bytes.length), bytes]));
  }

  /** Tells a client that its test cannot be made, by the number of an error. */
  async refuse(code: number): Promise<void> {
    const state = new Uint8Array([STATE.serverError & 0xff]);
    const noSystemError = numberBytes(0);
    await this.#peer.write(concat([state, numberBytes(code), noSystemError]));
  }

  async #take(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#read.length < length) {
      const chunk = await this.#peer.read();
      if (!chunk) return undefined;
      this.#read = concat([this.#read, chunk]);
    }
    const taken = this.#read.slice(0, length);
    this.#read = this.#read.slice(length);
    return taken;
  }
}

// Undefined where it is none: how the parser puts it is of no use to a reader.
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
