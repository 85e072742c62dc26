/** The connections of a load generator: dialled, and dialled again after a failure. */
import { type Clock, delay } from "../core/clock.ts";
import { reasonOf } from "../core/explain.ts";
import type { Exchange } from "../probe/exchange.ts";
import type { Dial } from "../probe/round_trip.ts";
import { ConnectLane } from "./connect_lane.ts";
import { ConnectionLane } from "./connection_lane.ts";
import type { Lane, LaneEvents } from "./lane.ts";
import type { LoadOptions } from "../report/load.ts";

const REDIAL_AFTER_MS = 100; // after a connection that served nothing, or a failed dial
const MAX_DIALING = 64; // connections that are dialled at once

/** What {@linkcode Lanes} work with. */
export interface LanesOptions {
  readonly load: LoadOptions;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly dial: Dial;
  readonly events: LaneEvents;
  /** Called with a lane that can be used. */
  readonly onLane: (lane: Lane) => void;
  /** Called when a connection could not be made; it is dialled again. */
  readonly onFailure: (kind: string) => void;
  /** Called instead of throwing where none can be made at first; they are dialled again. */
  readonly onUnreached?: ((error: unknown) => void) | undefined;
  /** Called when there has been no connection, or over UDP no answer, for as long as one may take. */
  readonly onGone: () => void;
  /** Called when a connection that was lost was made again. */
  readonly onReconnect: () => void;
}

/** The lanes that are open. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #open = new Set<Lane>();
  #over = false;
  #isOpening = true; // until then nobody is gone: where not one is made, `open` throws
  #goneSince: number | undefined;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  get all(): Iterable<Lane> {
    return this.#open;
  }

  has(lane: Lane): boolean {
    return this.#open.has(lane);
  }

  /**
   * Dials all connections, spread over `ramp` milliseconds.
   *
   * @throws {NetworkError} if none can be made
   */
  async open(ramp: number): Promise<void> {
    const { load: { connections }, clock } = this.#options;
    const started = clock.now();
    let next = 0;
    let failure: unknown;
    const dialer = async () => {
      while (next < connections && !this.#over) {
        const slot = next++;
        const left = started + ramp * slot / connections - clock.now();
        if (left > 0) await delay(left, { clock });
        await this.#add(slot).catch((error) => {
          failure ??= error;
          this.#addLater(slot, { error });
        });
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_DIALING, connections) }, dialer));
    this.#isOpening = false;
    if (this.#open.size > 0 || !failure) return;
    const { onUnreached } = this.#options;
    if (onUnreached) return onUnreached(failure);
    this.#over = true;
    throw failure;
  }

  /** Replaces a lane that was lost: at once where it had served. */
  replace(lane: Lane, { served }: { readonly served: boolean }): void {
    this.#open.delete(lane);
    this.#noteLoss();
    if (served) this.#addNow(lane.slot, { again: true });
    else this.#addLater(lane.slot, { again: true });
  }

  /** Something was answered. */
  noteAnswer(): void {
    this.#goneSince = undefined;
  }

  /** Gives up the requests that were sent at `moment` or before. */
  giveUp(moment: number): void {
    for (const lane of this.#open) lane.giveUp(moment);
  }

  /** Closes all lanes. */
  close(): void {
    this.#over = true;
    for (const lane of this.#open) lane.close(undefined);
  }

  async #add(slot: number): Promise<void> {
    const { load, exchange, clock, dial, events, onLane } = this.#options;
    const options = { ...load, exchange, slot, clock, events };
    const reach: Dial = async (request) => {
      const atMost = Math.min(load.connectTimeout, request.atMost);
      try {
        const peer = await dial({ ...request, atMost });
        if (load.connect) this.#goneSince = undefined;
        return peer;
      } catch (error) {
        this.#noteLoss();
        throw error;
      }
    };
    const peer = load.connect ? undefined : await reach({ atMost: Infinity, onPhase() {} });
    const lane = peer ? new ConnectionLane(peer, options) : new ConnectLane(reach, options);
    if (this.#over) return lane.close(undefined);
    this.#open.add(lane);
    if (peer && !peer.framed) this.#goneSince = undefined;
    onLane(lane);
  }

  // A connection was lost, or could not be made.
  #noteLoss(): void {
    const { clock, load, onGone } = this.#options;
    if (this.#open.size > 0 && !load.connect) return;
    this.#goneSince ??= clock.now();
    if (!this.#isOpening && clock.now() - this.#goneSince >= load.timeout) onGone();
  }

  #addLater(
    slot: number,
    { error, again = false }: { readonly error?: unknown; readonly again?: boolean },
  ): void {
    if (this.#over) return;
    const { clock, onFailure } = this.#options;
    if (error) onFailure(`cannot connect: ${reasonOf(error)}`);
    clock.after(REDIAL_AFTER_MS, () => this.#addNow(slot, { again }));
  }

  #addNow(slot: number, { again }: { readonly again: boolean }): void {
    if (this.#over) return;
    this.#add(slot).then(
      () => again && this.#options.onReconnect(),
      (error) => this.#addLater(slot, { error, again }),
    );
  }
}
