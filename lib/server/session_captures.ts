/** The captures that a session is in. */
import type { Capture } from "../capture/capture.ts";
import type { FlowOptions } from "../capture/flow.ts";
import type { Duplex } from "../net/duplex.ts";

/** What tells sessions apart. */
export interface NumberedSession {
  /** Its number among all connections of the server. */
  readonly connection: number;
  /** The name of its endpoint. */
  readonly endpoint: string;
}

/** A capture of some sessions. */
export interface SessionCapture {
  readonly capture: Capture;
  /** Whether it has this session; by default each. */
  readonly wanted?: (session: NumberedSession) => boolean;
}

/** The captures of one session, which may begin and end while it is open. */
export class SessionCaptures {
  #all: Map<Capture, (() => void)[]> | undefined; // with what ends each: most sessions have none

  /** Begins to capture a connection of the session. */
  add(
    peer: Duplex,
    { capture, ...flow }: Omit<FlowOptions, "number" | "write"> & { readonly capture: Capture },
  ): void {
    const end = peer.observe(capture.watch(peer, flow));
    const all = this.#all ??= new Map<Capture, (() => void)[]>();
    all.set(capture, [...all.get(capture) ?? [], end]);
  }

  /** Ends a capture of the session's connections. */
  remove(capture: Capture): void {
    for (const end of this.#all?.get(capture) ?? []) end();
    this.#all?.delete(capture);
  }
}
