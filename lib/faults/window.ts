/** The window of a fault: from a point on, up to a point, and from a match on. */
import { byteText } from "../core/byte_pattern.ts";
import type { Clock } from "../core/clock.ts";
import type { CommonValues, Point } from "./selectors.ts";
import type { Emit, Stage } from "./fault.ts";
import type { Treatment } from "./delay_line.ts";

const NOTHING_STRUCK = [1, 0] as const;
const MAX_MATCH_CHARS = 4096; // characters before a chunk in which a match may begin

/** What a {@linkcode FaultWindow} works with. */
export interface FaultWindowOptions {
  readonly when: CommonValues;
  /** Whether a chunk is a datagram: it is struck whole, or not at all. */
  readonly framed: boolean;
  readonly clock: Clock;
  /** When the connection began, as a moment of the clock. */
  readonly began: number;
  readonly after: (milliseconds: number, wake: () => void) => void;
}

/** Passes everything on unchanged while the fault is not in force. */
export class FaultWindow implements Treatment {
  readonly room: number | undefined;
  readonly #stage: Stage;
  readonly #options: FaultWindowOptions;
  #offset = 0;
  #tail = "";
  #matched: boolean;
  #due: boolean; // whether the `after` point has passed
  #started = false;

  constructor(stage: Stage, options: FaultWindowOptions) {
    this.#stage = stage;
    this.#options = options;
    this.room = stage.room;
    this.#matched = options.when.match === undefined;
    this.#due = options.when.after === undefined;
  }

  /** Whether the `until` point has passed. */
  get over(): boolean {
    const { until } = this.#options.when;
    return until !== undefined && this.#reached(until);
  }

  start(emit: Emit): void {
    const { when: { after: point }, clock, began, after } = this.#options;
    if (point && "milliseconds" in point) {
      after(Math.max(0, began + point.milliseconds - clock.now()), () => {
        this.#due = true;
        this.#startIfDue(emit);
      });
    }
    this.#startIfDue(emit);
  }

  chunk(bytes: Uint8Array, emit: Emit): void {
    this.#matched ||= this.#matches(bytes);
    const at = this.#offset;
    const [from, to] = this.#matched ? this.#struck(bytes) : NOTHING_STRUCK;
    this.#offset += bytes.length;
    if (from > to) {
      this.#startIfDue(emit);
      return emit(bytes);
    }
    if (from > 0) emit(bytes.subarray(0, from));
    this.#start(emit);
    this.#stage.chunk(bytes.subarray(from, to), emit, at + from);
    if (to < bytes.length) emit(bytes.subarray(to));
  }

  release(emit: Emit): void {
    if (!this.over) this.#stage.release?.(emit);
  }

  end(emit: Emit): number | void {
    if (!this.#started) return;
    const quiet = this.#stage.end?.(emit, this.over);
    if (!this.over) return quiet;
  }

  #startIfDue(emit: Emit): void {
    const { after } = this.#options.when;
    this.#due ||= this.#reached(after!);
    if (this.#due && this.#matched && !this.over) this.#start(emit);
  }

  #start(emit: Emit): void {
    if (this.#started) return;
    this.#started = true;
    this.#stage.start?.(emit);
  }

  #reached(point: Point): boolean {
    if ("bytes" in point) return this.#offset >= point.bytes;
    const { clock, began } = this.#options;
    return clock.now() - began >= point.milliseconds;
  }

  // The part of a chunk that the fault works on.
  #struck({ length }: Uint8Array): readonly [from: number, to: number] {
    const { when: { after, until }, framed } = this.#options;
    const due = this.#due || this.#reached(after!);
    if (framed) return due && !this.over ? [0, length] : NOTHING_STRUCK;
    const from = due ? 0 : this.#place(after!, length);
    const to = until ? this.#place(until, length) : length;
    return from < to ? [from, to] : NOTHING_STRUCK;
  }

  // The offset of a point in a chunk of this length.
  #place(point: Point, length: number): number {
    if ("milliseconds" in point) return this.#reached(point) ? 0 : length;
    return Math.min(length, Math.max(0, point.bytes - this.#offset));
  }

  #matches(bytes: Uint8Array): boolean {
    const text = this.#tail + byteText(bytes);
    this.#tail = text.slice(-MAX_MATCH_CHARS);
    return this.#options.when.match!.find(text) !== undefined;
  }
}
