/** A clock for waiting for moments and for sockets at once. */
import { type Clock, systemClock } from "../core/clock.ts";

/**
 * The system's clock, whose `soon` has the runtime look at every socket first. `setImmediate` does
 * not: while something is always ready, the runtime asks the system for sockets in every 61st turn
 * only (tokio's event interval), and an answer would be seen 60 us late on average. Sending a
 * datagram to oneself, and receiving it, takes 10 us and makes it ask.
 */
export class PromptClock implements Clock {
  readonly #socket: Deno.DatagramConn | undefined;
  readonly #datagram = new Uint8Array(1);
  readonly #buffer = new Uint8Array(1);
  #wakes: (() => void)[] = [];

  constructor() {
    try {
      this.#socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
    } catch {
      // Without the socket it is less prompt.
    }
  }

  now(): number {
    return systemClock.now();
  }

  wallTime(): number {
    return systemClock.wallTime();
  }

  after(milliseconds: number, wake: () => void): () => void {
    return systemClock.after(milliseconds, wake);
  }

  soon(wake: () => void): void {
    if (!this.#socket) return systemClock.soon(wake);
    if (this.#wakes.push(wake) === 1) this.#turn(this.#socket);
  }

  turn(wake: () => void): void {
    systemClock.soon(wake);
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.#socket?.close();
  }

  async #turn(socket: Deno.DatagramConn): Promise<void> {
    try {
      await Promise.all([
        socket.receive(this.#buffer), // first, so that a datagram that is there is not waited for
        socket.send(this.#datagram, socket.addr),
      ]);
    } catch {
      // It is closed.
    }
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}
