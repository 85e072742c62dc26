/** Capturing connections in a pcapng file for Wireshark; no privilege is needed. */
import { concat } from "@std/bytes/concat";
import type { Clock } from "../core/clock.ts";
import { explain } from "../core/explain.ts";
import type { Duplex, Observer } from "../net/duplex.ts";
import { fileHeader, packetBlock, secretsBlock } from "./pcapng_writer.ts";
import { flowOf, type FlowOptions, type Frame } from "./flow.ts";
import type { CaptureFile } from "./capture_file.ts";

const APPLICATION = "netecho";

/** How a {@linkcode Capture} is written. */
export interface CaptureOptions {
  /** Opens the file with this number: 0, then one more whenever a file is full. */
  readonly open: (number: number) => CaptureFile;
  /** Bytes after which another file is begun. */
  readonly rotateAt?: number | undefined;
  readonly clock: Clock;
  /** Returns the lines that were added to the TLS key log since the last call. */
  readonly secrets?: (() => Uint8Array) | undefined;
  /** Called once when nothing more can be written. */
  readonly onError: (reason: string) => void;
  /** Called once when there are no secrets of a TLS session, though there should be. */
  readonly onUnlogged?: (() => void) | undefined;
}

/**
 * A capture. Blocks are written whole and at once, so that what was written can be read while it
 * grows.
 */
export class Capture {
  readonly #options: CaptureOptions;
  readonly #epoch: number; // milliseconds since 1970
  #file: CaptureFile | undefined;
  #number = 0;
  #size = 0; // bytes
  #watched = 0; // connections
  #broken = false;
  #toldUnlogged = false;

  /** Opens the first file, or throws what that failed with. */
  constructor(options: CaptureOptions) {
    this.#options = options;
    const { clock } = options;
    this.#epoch = clock.wallTime() - clock.now(); // the monotonic clock has the finer resolution
    this.#begin();
  }

  /**
   * Begins a connection that `initiator` made; the observer captures it. Its packets begin before its
   * TLS handshake, so that the secrets come first where it is merged with what a network carried.
   */
  watch(
    peer: Pick<Duplex, "local" | "remote" | "framed" | "security">,
    options: Pick<FlowOptions, "initiator" | "comment" | "began">,
  ): Observer {
    const write = (frames: readonly Frame[]) => this.#writeFrames(frames);
    this.#writeSecrets(peer);
    return flowOf(peer, { ...options, number: ++this.#watched, write });
  }

  /**
   * Waits until all is written, or nothing is for `milliseconds`. Returns whether the capture is
   * whole; reports where it is not.
   */
  async flush(milliseconds: number): Promise<boolean> {
    if (this.#broken) return false;
    try {
      if (await this.#file?.flush?.(milliseconds) !== false) return true;
      this.#fail("its reader did not take the end of it");
    } catch (error) {
      this.#fail(explain(error));
    }
    return false;
  }

  /** Ends the capture: what still happens is not written. */
  close(): void {
    this.#broken = true;
    this.#file?.close?.();
  }

  #fail(reason: string): void {
    this.#broken = true;
    this.#options.onError(reason);
  }

  #begin(): void {
    this.#file?.close?.();
    this.#file = this.#options.open(this.#number++);
    this.#size = 0;
    this.#put(fileHeader({ application: APPLICATION, name: APPLICATION }));
  }

  // Frames that belong together, as a segment and its acknowledgement, are written in one call.
  #writeFrames(frames: readonly Frame[]): void {
    const now = this.#options.clock.now();
    this.#write(() =>
      concat(
        frames.map(({ moment = now, ...frame }) =>
          packetBlock({ at: this.#epoch + moment, ...frame })
        ),
      )
    );
  }

  #writeSecrets({ security }: Pick<Duplex, "security">): void {
    const { secrets, onUnlogged } = this.#options;
    if (!secrets) return;
    if (security && !security.secretsLogged && !this.#toldUnlogged) {
      this.#toldUnlogged = true;
      onUnlogged?.();
    }
    const lines = secrets();
    if (lines.length > 0) this.#write(() => secretsBlock(lines));
  }

  #write(block: () => Uint8Array): void {
    if (this.#broken) return;
    try {
      if (this.#size >= (this.#options.rotateAt ?? Infinity)) this.#begin();
      this.#put(block());
    } catch (error) {
      this.#dropPart();
      this.#fail(explain(error));
    }
  }

  #put(block: Uint8Array): void {
    for (let at = 0; at < block.length;) at += this.#file!.writeSync(block.subarray(at));
    this.#size += block.length;
  }

  // Removes a block that was written in part, so that the file can be read.
  #dropPart(): void {
    try {
      this.#file?.truncateSync?.(this.#size);
    } catch {
      // it stays as it is
    }
  }
}
