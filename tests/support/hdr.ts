/** A reader of HdrHistogram's interchange format (V2, compressed), written from its specification. */
import { inflateSync } from "node:zlib";

const COMPRESSED_COOKIE = 0x1c849314;
const COOKIE = 0x1c849313;

/** Values of a histogram that count as one, and how many there are. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * The buckets that have something in them. As in HdrHistogram_c, an index is that of the counts less
 * the normalizing offset of the header.
 */
export function readHdr(base64: string): Bucket[] {
  const outer = Uint8Array.fromBase64(base64);
  const head = new DataView(outer.buffer, outer.byteOffset);
  if (head.getInt32(0) !== COMPRESSED_COOKIE) throw new Error("not the compressed format");
  const content = new Uint8Array(inflateSync(outer.subarray(8, 8 + head.getInt32(4))));
  const view = new DataView(content.buffer, content.byteOffset);
  if (view.getInt32(0) !== COOKIE) throw new Error("not the format");
  const offset = view.getInt32(8);
  const digits = view.getInt32(12);
  const unit = Math.floor(Math.log2(Number(view.getBigInt64(16))));
  if (view.getFloat64(32) !== 1) throw new Error("the ratio of integers to doubles is not 1");
  const subBuckets = 2 ** Math.ceil(Math.log2(2 * 10 ** digits));
  const buckets: Bucket[] = [];
  let index = 0;
  for (const count of zigZag(content.subarray(40, 40 + view.getInt32(4)))) {
    if (count < 0) index -= count;
    else if (count > 0) buckets.push({ ...rangeOf(index++ + offset, { subBuckets, unit }), count });
    else index++;
  }
  return buckets;
}

// Each bucket but the first has half as many steps, of twice the size, as the one before it.
function rangeOf(
  index: number,
  { subBuckets, unit }: { readonly subBuckets: number; readonly unit: number },
): { from: number; to: number } {
  const half = subBuckets / 2;
  const bucket = Math.max(0, Math.floor(index / half) - 1);
  const step = index < half ? index : index % half + half;
  const size = 2 ** (bucket + unit);
  return { from: step * size, to: (step + 1) * size - 1 };
}

// LEB128 of up to nine bytes, the last of which has eight bits, of ZigZag numbers.
function* zigZag(bytes: Uint8Array): Generator<number> {
  for (let at = 0; at < bytes.length;) {
    let value = 0n;
    for (let place = 0n;; place++) {
      const byte = BigInt(bytes[at++]!);
      const last = place === 8n;
      value |= (last ? byte : byte & 0x7fn) << (7n * place);
      if (last || byte < 0x80n) break;
    }
    yield Number((value >> 1n) ^ -(value & 1n));
  }
}
