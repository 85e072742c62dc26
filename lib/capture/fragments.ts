/** Putting the fragments of IP packets together (RFC 791, RFC 8200 section 4.5). */
import { concat } from "@std/bytes/concat";
import { sameBytes } from "../core/bytes.ts";

const MAX_REMEMBERED = 1000; // packets that were put together

/** A part of a packet. */
export interface Fragment {
  /** The packet that it is a part of: its hosts, protocol and identification. */
  readonly key: string;
  /** The first byte of the part in the whole. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Whether more follows. */
  readonly more: boolean;
}

/** The parts of a packet, by their offsets. */
interface Parts {
  readonly parts: Map<number, Fragment>;
  /** Their bytes together. */
  bytes: number;
  /** The length of the whole; Infinity until the last part is there. */
  length: number;
}

/** The parts of packets that are not whole yet. */
export class Fragments {
  readonly #packets = new Map<string, Parts>();
  readonly #wholes = new Map<string, Uint8Array>(); // the last one of each key
  #abandoned = 0; // packets that lacked a part when another took their key

  /** How many packets lack a part; copies of parts of one that is whole do not count. */
  get incomplete(): number {
    return this.#abandoned + [...this.#packets.keys()].filter((key) => this.#lacksPart(key)).length;
  }

  /** Adds a part. Returns the whole, once there is no gap in it. */
  add(fragment: Fragment): Uint8Array | undefined {
    const { key, offset, bytes, more } = fragment;
    if (this.#isOfAnother(fragment)) {
      if (this.#lacksPart(key)) this.#abandoned++;
      this.#packets.delete(key);
    }
    const packet = this.#packets.get(key) ?? { parts: new Map(), bytes: 0, length: Infinity };
    this.#packets.set(key, packet);
    const known = packet.parts.get(offset)?.bytes.length ?? 0;
    if (more && bytes.length <= known) return undefined; // a copy
    packet.parts.set(offset, fragment);
    packet.bytes += bytes.length - known;
    if (!more) packet.length = offset + bytes.length;
    const whole = packet.bytes >= packet.length ? join(packet) : undefined;
    if (whole) {
      this.#packets.delete(key);
      this.#remember(key, whole);
    }
    return whole;
  }

  #lacksPart(key: string): boolean {
    const whole = this.#wholes.get(key);
    const { parts } = this.#packets.get(key)!;
    return !whole || [...parts.values()].some(({ offset, bytes }) => {
      return !sameBytes(whole.subarray(offset, offset + bytes.length), bytes);
    });
  }

  // Identifications are used again: those of IPv4 after 65,536 packets.
  #isOfAnother({ key, offset, bytes }: Fragment): boolean {
    const known = this.#packets.get(key)?.parts.get(offset)?.bytes;
    if (!known) return false;
    const length = Math.min(bytes.length, known.length);
    return !sameBytes(known.subarray(0, length), bytes.subarray(0, length));
  }

  #remember(key: string, whole: Uint8Array): void {
    this.#wholes.delete(key);
    this.#wholes.set(key, whole);
    if (this.#wholes.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#wholes.keys();
    this.#wholes.delete(oldest!);
  }
}

// Undefined where there is a gap.
function join({ parts }: Parts): Uint8Array | undefined {
  let end = 0;
  const fresh: Uint8Array[] = [];
  for (const { offset, bytes } of [...parts.values()].sort((a, b) => a.offset - b.offset)) {
    if (offset > end) return undefined;
    fresh.push(bytes.subarray(Math.min(bytes.length, end - offset)));
    end = Math.max(end, offset + bytes.length);
  }
  return concat(fresh);
}
