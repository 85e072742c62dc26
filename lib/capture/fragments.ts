/** Putting the fragments of IP packets together (RFC 791, RFC 8200 section 4.5). */
import { concat } from "@std/bytes/concat";

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

/** The parts of packets that are not whole yet. */
export class Fragments {
  readonly #parts = new Map<string, Fragment[]>();

  /** How many packets lack a part. */
  get incomplete(): number {
    return this.#parts.size;
  }

  /** Adds a part. Returns the whole, once there is no gap in it. */
  add(fragment: Fragment): Uint8Array | undefined {
    const { key } = fragment;
    const parts = [...this.#parts.get(key) ?? [], fragment].toSorted((a, b) => a.offset - b.offset);
    this.#parts.set(key, parts);
    if (parts.at(-1)!.more) return undefined;
    let end = 0;
    const fresh: Uint8Array[] = [];
    for (const { offset, bytes } of parts) {
      if (offset > end) return undefined;
      fresh.push(bytes.subarray(Math.min(bytes.length, end - offset)));
      end = Math.max(end, offset + bytes.length);
    }
    this.#parts.delete(key);
    return concat(fresh);
  }
}
