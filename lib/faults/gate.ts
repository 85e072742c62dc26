/** When a fault is in force: after and until a point, and from a match on. */
import { byteText } from "../byte_text.ts";
import type { Clock } from "../clock.ts";
import type { Common, Point } from "./common.ts";
import type { Emit, Stage } from "./fault.ts";

const MEMORY = 4096; // characters before a chunk in which a match may begin

/** A stage that passes everything while its fault is not in force. */
export class Gate implements Stage {
  readonly #stage: Stage;
  readonly #when: Common;
  readonly #clock: Clock;
  readonly #after: (milliseconds: number, wake: () => void) => void;
  #began = 0;
  #offset = 0;
  #tail = "";
  #matched: boolean;
  #started = false;

  constructor(
    stage: Stage,
    { when, clock, after }: {
      readonly when: Common;
      readonly clock: Clock;
      readonly after: (milliseconds: number, wake: () => void) => void;
    },
  ) {
    this.#stage = stage;
    this.#when = when;
    this.#clock = clock;
    this.#after = after;
    this.#matched = when.match === undefined;
  }

  start(emit: Emit): void {
    this.#began = this.#clock.now();
    const { after } = this.#when;
    if (after && "milliseconds" in after) {
      this.#after(after.milliseconds, () => this.#begin(emit));
    }
    this.#begin(emit);
  }

  chunk(bytes: Uint8Array, emit: Emit): void {
    if (!this.#matched) this.#matched = this.#matches(bytes);
    const from = this.#place(this.#when.after, { bytes, open: 0 });
    const to = this.#place(this.#when.until, { bytes, open: bytes.length });
    this.#offset += bytes.length;
    if (!this.#matched || from >= to) {
      this.#begin(emit);
      return emit(bytes);
    }
    if (from > 0) emit(bytes.subarray(0, from));
    this.#begin(emit);
    this.#stage.chunk(bytes.subarray(from, to), emit);
    if (to < bytes.length) emit(bytes.subarray(to));
  }

  end(emit: Emit): number | void {
    const { until } = this.#when;
    if (this.#started && !(until && this.#reached(until))) return this.#stage.end?.(emit);
  }

  // The fault comes into force, if everything that it waits for is there.
  #begin(emit: Emit): void {
    const { after } = this.#when;
    if (this.#started || !this.#matched || (after && !this.#reached(after))) return;
    this.#started = true;
    this.#stage.start?.(emit);
  }

  #reached(point: Point): boolean {
    if ("bytes" in point) return this.#offset >= point.bytes;
    return this.#clock.now() - this.#began >= point.milliseconds;
  }

  // Where in a chunk a point is: at its beginning, its end, or between.
  #place(
    point: Point | undefined,
    { bytes, open }: { readonly bytes: Uint8Array; readonly open: number },
  ): number {
    if (!point) return open;
    if ("milliseconds" in point) return this.#reached(point) ? 0 : bytes.length;
    return Math.min(bytes.length, Math.max(0, point.bytes - this.#offset));
  }

  #matches(bytes: Uint8Array): boolean {
    const text = this.#tail + byteText(bytes);
    this.#tail = text.slice(-MEMORY);
    return this.#when.match!.test(text);
  }
}
