/** A load that is spread over worker threads, each with its share of the connections. */
import { NetworkError } from "../core/errors.ts";
import { dialOptions } from "../net/transports.ts";
import type { LoadOutcome } from "./generator.ts";
import { type EncodedRecorder, Recorder } from "./recorder.ts";
import { type EncodedSlice, SliceMerger } from "./slice_merger.ts";
import type { LoadRecord } from "./measurement.ts";
import type { DialTarget, LoadContext } from "./load_context.ts";
import type { BenchLoad } from "../report/load.ts";

/** What a worker is sent. */
export type WorkerCommand =
  | { readonly target: DialTarget; readonly load: BenchLoad }
  | "go"
  | "gone"
  | "stop";

/** What a worker sends. */
export type WorkerMessage =
  /** Its connections are made; `unreached` says why not one is. */
  | { readonly kind: "connected"; readonly unreached: string | undefined }
  /** There has been no peer for as long as an answer may take. */
  | { readonly kind: "gone" | "measuring" | "measured" }
  | { readonly kind: "slice"; readonly slice: EncodedSlice }
  | { readonly kind: "done"; readonly encoded: EncodedRecorder; readonly outcome: LoadOutcome }
  | { readonly kind: "failed"; readonly message: string };

type Done = Extract<WorkerMessage, { kind: "done" }>;

/** Runs a load in worker threads. They begin together, when all are connected. */
export async function runWorkers(
  running: LoadContext,
): Promise<LoadRecord> {
  const { load, target, histograms, stop } = running;
  const slices = new SliceMerger(running);
  // One that finds no peer has an opinion; where all have it, the peer is gone.
  const onGone = () => {
    if (hands.every(({ isGone }) => isGone)) hands.forEach((hand) => hand.tell("gone"));
  };
  const hands = shares(load).map((share) =>
    new WorkerHandle({ target: plain(target), load: share }, { slices, running, onGone })
  );
  stop.then(() => hands.forEach((hand) => hand.tell("stop")));
  try {
    const unreached = await Promise.all(hands.map((hand) => hand.connected));
    if (unreached.every((why) => why !== undefined)) throw new NetworkError(unreached[0]!);
    await running.begin?.();
    for (const hand of hands) hand.tell("go");
    const done = await Promise.all(hands.map((hand) => hand.done));
    const recorder = new Recorder(histograms, { ...load, connections: 0 });
    for (const { encoded } of done) recorder.add(encoded);
    slices.flush();
    return { recorder, ...sum(done.map(({ outcome }) => outcome)) };
  } finally {
    for (const hand of hands) hand.end();
  }
}

/**
 * The load of each worker.
 *
 * @example
 * ```ts
 * import { divide } from "./workers.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(divide(10, 3), [4, 3, 3]);
 * ```
 */
export function divide(whole: number, parts: number): number[] {
  const least = Math.floor(whole / parts);
  return Array.from({ length: parts }, (_, index) => least + (index < whole % parts ? 1 : 0));
}

function shares(load: BenchLoad): BenchLoad[] {
  const { workers, connections, rate, requests } = load;
  const request = requests === undefined ? [] : divide(requests, workers);
  return divide(connections, workers).map((connections, index) => ({
    ...load,
    connections,
    rate: rate === undefined ? undefined : rate / workers,
    offset: rate === undefined ? 0 : index * 1000 / rate,
    requests: request[index],
  }));
}

// The values that can be cloned: those of the transports' options are plain data.
function plain({ address, values }: DialTarget): DialTarget {
  const needed = Object.keys(dialOptions).map((key) => [key, values[key]]);
  return { address, values: Object.fromEntries(needed) };
}

function sum(outcomes: readonly LoadOutcome[]): LoadOutcome {
  const total = (key: "inFlight" | "unanswered" | "unsent") =>
    outcomes.reduce((sum, each) => sum + each[key], 0);
  return {
    elapsedMs: Math.max(...outcomes.map(({ elapsedMs }) => elapsedMs)),
    inFlight: total("inFlight"),
    unanswered: total("unanswered"),
    unsent: total("unsent"),
    gone: outcomes.some(({ gone }) => gone),
  };
}

/** A worker, seen from this thread. */
class WorkerHandle {
  /** Whether it has found no peer since it was answered last. */
  isGone = false;
  readonly #worker: Worker;
  readonly #connected = Promise.withResolvers<string | undefined>();
  readonly #done = Promise.withResolvers<Done>();

  constructor(
    order: WorkerCommand,
    { slices, running, onGone }: {
      readonly slices: SliceMerger;
      readonly running: LoadContext;
      readonly onGone: () => void;
    },
  ) {
    this.#connected.promise.catch(() => {}); // a failure rejects both, and one is waited for
    this.#done.promise.catch(() => {});
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.kind === "connected") this.#connected.resolve(data.unreached);
      else if (data.kind === "gone") {
        this.isGone = true;
        onGone();
      } else if (data.kind === "measuring") running.onMeasuring?.();
      else if (data.kind === "measured") running.onMeasured?.();
      else if (data.kind === "slice") {
        if (slices.take(this, data.slice) > 0) this.isGone = false;
      } else if (data.kind === "done") {
        this.isGone = true; // it has nothing more to ask
        this.#connected.resolve(undefined); // where it was stopped before
        this.#done.resolve(data);
      } else if (data.kind === "failed") this.#fail(new NetworkError(data.message));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(new NetworkError(`A worker failed: ${event.message}`));
    };
    this.tell(order);
  }

  /** Resolves when its connections are made, with the reason where not one is. */
  get connected(): Promise<string | undefined> {
    return this.#connected.promise;
  }

  get done(): Promise<Done> {
    return this.#done.promise;
  }

  tell(order: WorkerCommand): void {
    this.#worker.postMessage(order);
  }

  end(): void {
    this.#worker.terminate();
  }

  #fail(error: NetworkError): void {
    this.#connected.reject(error);
    this.#done.reject(error);
  }
}
