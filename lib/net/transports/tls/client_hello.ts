/** The first message of a TLS client (RFC 8446 section 4.1.2). */
import type { ClientHello } from "../../tls_session.ts";
import { concat } from "@std/bytes/concat";

/** Bytes that hold every hello in practice: a whole record (RFC 8446 section 5.1). */
export const MAX_HELLO_BYTES = 5 + 2 ** 14;

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const SUPPORTED_VERSIONS = 43;
const VERSIONS = new Map([
  [0x0300, "SSLv3"],
  [0x0301, "TLSv1.0"],
  [0x0302, "TLSv1.1"],
  [0x0303, "TLSv1.2"],
  [0x0304, "TLSv1.3"],
]);

/**
 * Reads the hello that a connection begins with. Returns undefined where the bytes begin with
 * something else, or do not hold all of it.
 */
export function readClientHello(bytes: Uint8Array): ClientHello | undefined {
  try {
    const message = new Fields(messagesOf(bytes));
    if (message.number(1) !== CLIENT_HELLO) return undefined;
    return readHello(message.block(3));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether a hello may follow what a connection begins with. */
export function mayBeHello(bytes: Uint8Array): boolean {
  return bytes.length === 0 || bytes[0] === HANDSHAKE_RECORD;
}

// What is in the handshake records that are whole: a message may be cut into several.
function messagesOf(bytes: Uint8Array): Uint8Array {
  const messages: Uint8Array[] = [];
  try {
    for (const records = new Fields(bytes); !records.empty;) {
      if (records.number(1) !== HANDSHAKE_RECORD) break;
      records.take(2); // a version that says nothing
      messages.push(records.block(2).rest);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the last is not whole yet
  }
  return messages.length === 1 ? messages[0]! : concat(messages);
}

/** Finds the hello in what a connection begins with, chunk by chunk. */
export class HelloReader {
  hello: ClientHello | undefined;
  #begun = new Uint8Array();
  #done = false;

  read(chunk: Uint8Array): void {
    if (this.#done) return;
    this.#begun = concat([this.#begun, chunk]);
    this.hello = readClientHello(this.#begun);
    const more = mayBeHello(this.#begun) && this.#begun.length < MAX_HELLO_BYTES;
    this.#done = this.hello !== undefined || !more;
    if (this.#done) this.#begun = new Uint8Array();
  }
}

function readHello(hello: Fields): ClientHello {
  const highest = hello.number(2);
  hello.take(32); // random
  hello.block(1); // session
  hello.block(2); // cipher suites
  hello.block(1); // compression
  const found: { serverName?: string; versions: string[] } = { versions: named([highest]) };
  if (hello.empty) return found; // extensions are optional up to TLS 1.2
  for (const extensions = hello.block(2); !extensions.empty;) {
    const type = extensions.number(2);
    const content = extensions.block(2);
    if (type === SERVER_NAME) {
      const names = content.block(2);
      names.take(1); // host_name, the only kind of name
      found.serverName = new TextDecoder().decode(names.block(2).rest);
    } else if (type === SUPPORTED_VERSIONS) {
      const versions = content.block(1);
      const offered: number[] = [];
      while (!versions.empty) offered.push(versions.number(2));
      found.versions = named(offered);
    }
  }
  return found;
}

function named(versions: readonly number[]): string[] {
  return versions.flatMap((version) => VERSIONS.get(version) ?? []);
}

/** Numbers and blocks that follow each other. Throws RangeError at the end of the bytes. */
class Fields {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get rest(): Uint8Array {
    return this.#rest;
  }

  get empty(): boolean {
    return this.#rest.length === 0;
  }

  /** An unsigned number of so many bytes, in network byte order. */
  number(length: number): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Bytes behind their own length, which takes so many bytes. */
  block(lengthBytes: number): Fields {
    return new Fields(this.take(this.number(lengthBytes)));
  }

  take(length: number): Uint8Array {
    if (length > this.#rest.length) throw new RangeError("The bytes end before the field");
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
