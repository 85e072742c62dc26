/** Verifying that a peer returns what it was sent. */
import { NetworkError } from "../core/errors.ts";
import { HEX } from "../terminal/hexdump.ts";
import { formatCount, formatQuantity } from "../core/units.ts";

const MAX_OUTSTANDING_BYTES = 256 * 1024 * 1024; // sent and not returned

/**
 * Compares two streams as they pass, keeping only what has been sent and not yet returned.
 *
 * @example
 * ```ts
 * import { Verifier } from "./verifier.ts";
 * import { NetworkError } from "../core/errors.ts";
 * import { assertThrows } from "@std/assert";
 *
 * const verifier = new Verifier();
 * verifier.sent(new Uint8Array([1, 2, 3]));
 * verifier.received(new Uint8Array([1, 2]));
 * assertThrows(() => verifier.received(new Uint8Array([4])), NetworkError, "offset 2");
 * ```
 */
export class Verifier {
  readonly #outstanding: Uint8Array[] = [];
  #offset = 0; // of the next byte to come back
  #total = 0;

  /** Bytes that have come back as they were sent. */
  get verified(): number {
    return this.#offset;
  }

  /** Whether all that was sent has come back. */
  get complete(): boolean {
    return this.#offset === this.#total;
  }

  /**
   * Adds a chunk that is about to be sent.
   *
   * @throws {NetworkError} when more than 256 MiB have not come back
   */
  sent(chunk: Uint8Array): void {
    this.#total += chunk.length;
    if (this.#total - this.#offset > MAX_OUTSTANDING_BYTES) {
      throw new NetworkError(
        `Cannot verify: the peer has returned ${formatQuantity(this.#offset, "byte")} of ` +
          `${formatCount(this.#total)}, and no more than 256 MiB can be kept`,
      );
    }
    this.#outstanding.push(chunk.slice());
  }

  /** @throws {NetworkError} with the offset of the first difference */
  received(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0;) {
      const expected = this.#outstanding[0];
      if (!expected) throw differs(this.#offset, { got: rest[0]!, sent: undefined });
      const length = Math.min(rest.length, expected.length);
      const at = firstDifference(rest.subarray(0, length), expected);
      if (at < length) throw differs(this.#offset + at, { got: rest[at]!, sent: expected[at]! });
      this.#offset += length;
      rest = rest.subarray(length);
      if (length === expected.length) this.#outstanding.shift();
      else this.#outstanding[0] = expected.subarray(length);
    }
  }

  /** @throws {NetworkError} unless everything has come back */
  finish(): void {
    if (this.complete) return;
    throw new NetworkError(
      `The echo is incomplete: ${formatCount(this.#offset)} of the ` +
        `${formatQuantity(this.#total, "byte")} sent came back`,
    );
  }
}

/** The index of the first byte that differs; the length of `one` where none does. */
export function firstDifference(one: Uint8Array, other: Uint8Array): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

function differs(
  offset: number,
  { got, sent }: { got: number; sent: number | undefined },
): NetworkError {
  const was = sent === undefined ? "nothing was sent there" : `${hex(sent)} was sent`;
  return new NetworkError(
    `The echo differs at offset ${formatCount(offset)}: ${hex(got)} came back, ${was}`,
  );
}

function hex(byte: number): string {
  return `0x${HEX[byte]}`;
}
