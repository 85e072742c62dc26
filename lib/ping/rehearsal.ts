/** Round trips to the program itself, on the way that a ping takes. */
import type { Histogram, Histograms } from "../core/histogram.ts";
import { socketAddress } from "../net/address.ts";
import { pump } from "../net/pump.ts";
import { SocketDuplex } from "../net/socket_duplex.ts";
import { echoExchange } from "../probe/echo_exchange.ts";
import type { Exchange } from "../probe/exchange.ts";
import { connectAndExchange } from "../probe/round_trip.ts";
import { Pinger, type PingerOptions } from "./pinger.ts";
import { PingStatistics } from "./statistics.ts";

const FIRST_CONNECTIONS = 20;
const REHEARSAL_TIMEOUT_MS = 1000;
const MAX_BYTES = 1024;
const FIRST_TIMES = 300; // until the runtime has compiled what it sees often

/** What a {@linkcode Rehearsal} works with. */
export interface RehearsalOptions extends Pick<PingerOptions, "clock"> {
  /** Bytes of a message that is rehearsed for; of a large one a part will do. */
  readonly size: number;
  readonly histograms: Histograms;
}

/**
 * A pinger of an echo in the same program. What it does just before a message is sent makes the
 * runtime and the processor as ready for the answer as they are for one in a row of many.
 */
export class Rehearsal {
  readonly #pinger: Pinger;
  readonly #roundTrips: Histogram;
  #left = 0;
  #begin = Promise.withResolvers<void>();
  #over = Promise.withResolvers<void>();

  private constructor(
    peer: SocketDuplex,
    { histograms, size, clock }: RehearsalOptions,
  ) {
    this.#roundTrips = histograms.create();
    this.#pinger = new Pinger(peer, {
      clock,
      exchange: exchangeFor(size),
      interval: 0,
      timeout: REHEARSAL_TIMEOUT_MS,
      count: undefined,
      tally: new PingStatistics(this.#roundTrips),
      onReply() {},
      onLost() {},
      before: () => this.#next(),
    });
    this.#pinger.run().catch(() => {}).finally(() => this.#over.resolve());
  }

  /** Resolves when it is ready; undefined where the program cannot connect to itself. */
  static async open(
    options: RehearsalOptions,
  ): Promise<Rehearsal | undefined> {
    try {
      const rehearsal = new Rehearsal(await connectToSelf(), options);
      await rehearsal.run(FIRST_TIMES);
      rehearsal.#roundTrips.reset();
      return rehearsal;
    } catch {
      return undefined;
    }
  }

  /** The median of the round trips, in milliseconds; undefined where there were none. */
  get medianMs(): number | undefined {
    return this.#roundTrips.count > 0 ? this.#roundTrips.at(50) : undefined;
  }

  /** Makes so many round trips. */
  async run(times: number): Promise<void> {
    this.#left = times;
    this.#over = Promise.withResolvers();
    this.#begin.resolve();
    await this.#over.promise;
  }

  close(): void {
    this.#pinger.stop();
    this.#begin.resolve();
  }

  // Called before each message: the ones before have come back.
  async #next(): Promise<void> {
    if (this.#left-- > 0) return;
    this.#begin = Promise.withResolvers();
    this.#over.resolve();
    await this.#begin.promise;
    this.#left--;
  }
}

function exchangeFor(size: number): Exchange {
  return echoExchange(Math.min(size, MAX_BYTES));
}

// Connects the program to an echo of its own.
async function connectToSelf(): Promise<SocketDuplex> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const ends = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  const [near, far] = ends.map((conn) => {
    conn.setNoDelay(true);
    const local = socketAddress("tcp", conn.localAddr);
    return new SocketDuplex(conn, { local, remote: socketAddress("tcp", conn.remoteAddr) });
  });
  pump(far!, far!).catch(() => {}).finally(() => far!.close());
  return near!;
}

/** Connects to the program itself, and asks it, until the runtime has compiled what that takes. */
export async function rehearseConnecting(
  { clock, size }: Pick<RehearsalOptions, "clock" | "size">,
): Promise<void> {
  try {
    const exchange = exchangeFor(size);
    for (let number = 1; number <= FIRST_CONNECTIONS; number++) {
      const asking = { clock, exchange, number, timeout: REHEARSAL_TIMEOUT_MS };
      await connectAndExchange(connectToSelf, asking);
    }
  } catch {
    // Without it the first time is longer.
  }
}
