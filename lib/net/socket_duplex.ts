/** A {@linkcode Duplex} over a socket. */
import { isReset } from "../core/explain.ts";
import type { Reader, Writer } from "../core/io.ts";
import type { Duplex, Observer, ReadInterceptor, Traffic } from "./duplex.ts";
import type { SystemSocket } from "./linux/system_socket.ts";
import type { StrayCounts } from "./strays.ts";
import type { TcpInfo } from "./tcp_info.ts";
import { type ChunkBuffer, ReadBuffer } from "./read_buffer.ts";
import { readWindow, type WindowPlace } from "./read_window.ts";
import { readableFrom, writableTo } from "./streams.ts";

// Given to the system at once. Windows takes any length, so that it cannot be seen whether it passes.
const MAX_WRITE_BYTES = 1024 * 1024;

/** The part of `Deno.Conn` that a duplex needs. */
export interface Socket extends Reader, Writer {
  closeWrite(): Promise<void>;
  close(): void;
}

/** Closes a socket that may be closed already. */
export function closeQuietly(socket: { close(): void }): void {
  try {
    socket.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** What is known about the peer, and how to handle its socket. */
export interface SocketDuplexOptions extends Pick<Duplex, "local" | "remote" | "via" | "security"> {
  readonly framed?: boolean;
  readonly strays?: StrayCounts | undefined;
  /** Where reads go; by default a {@linkcode ReadBuffer}. */
  readonly buffer?: ChunkBuffer;
  /** The system's view of the socket, where there is one. */
  readonly system?: SystemSocket | undefined;
  /** Called when the socket is closed while a write is under way. */
  readonly onCutOff?: (() => void) | undefined;
}

/** A {@linkcode Duplex} over a socket. */
export class SocketDuplex implements Duplex {
  readonly local: Duplex["local"];
  readonly remote: Duplex["remote"];
  readonly via: Duplex["via"];
  readonly security: Duplex["security"];
  readonly framed: boolean;
  readonly strays: StrayCounts | undefined;
  readonly #socket: Socket;
  readonly #buffer: ChunkBuffer;
  readonly #system: SystemSocket | undefined;
  readonly #onCutOff: (() => void) | undefined;
  readonly #observers: Observer[] = [];
  #received = 0;
  #sent = 0;
  #chunks = 0;
  #writing = false;
  #closed: "closed" | "reset" | undefined;
  #place: WindowPlace | undefined;
  #lastBytes = 0; // of the last chunk
  #through: ReadInterceptor | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(
    socket: Socket,
    {
      local,
      remote,
      via,
      security,
      framed = false,
      strays,
      buffer = new ReadBuffer(),
      system,
      onCutOff,
    }: SocketDuplexOptions,
  ) {
    this.local = local;
    this.remote = remote;
    this.via = via;
    this.security = security;
    this.framed = framed;
    this.strays = strays;
    this.#socket = socket;
    this.#buffer = buffer;
    this.#system = system;
    this.#onCutOff = onCutOff;
  }

  // Neither this nor what follows is an async function: they would take a tenth of the time of a load.
  read(): Promise<Uint8Array | null> {
    const turn = this.#place ? readWindow.nextRead(this.#place, this.#lastBytes) : undefined;
    return turn ? turn.then(() => this.#read()) : this.#read();
  }

  #read(): Promise<Uint8Array | null> {
    if (!this.framed) this.#place ??= readWindow.enter();
    return this.#socket.read(this.#buffer.space()).then(this.#onRead, this.#onFailed);
  }

  interceptReads(through: ReadInterceptor): void {
    this.#through = through;
  }

  readonly #onRead = (length: number | null): ReturnType<ReadInterceptor> => {
    if (length === null) {
      for (const observer of this.#observers) observer.ended?.("fin");
      return this.#through ? this.#through(null) : null;
    }
    const chunk = this.#buffer.chunk(length);
    this.#chunks++;
    this.#received += length;
    this.#lastBytes = length;
    for (const observer of this.#observers) observer.received?.(chunk);
    return this.#through ? this.#through(chunk) : chunk;
  };

  readonly #onFailed = (error: unknown): never => {
    if (isReset(error)) { for (const observer of this.#observers) observer.ended?.("reset"); }
    throw error;
  };

  write(chunk: Uint8Array): Promise<void> {
    this.#writing = true;
    const onWritten = (length: number): Promise<void> | void => {
      this.#sent += length;
      if (this.#observers.length > 0) this.#observeSent(chunk.subarray(0, length));
      if (length < chunk.length) return this.write(chunk.subarray(length));
      this.#writing = false;
    };
    const part = chunk.length > MAX_WRITE_BYTES ? chunk.subarray(0, MAX_WRITE_BYTES) : chunk;
    return this.#socket.write(part).then(onWritten, this.#onFailed);
  }

  async closeWrite(): Promise<void> {
    for (const observer of this.#observers) observer.halfClosed?.();
    await this.#socket.closeWrite();
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= readableFrom(this);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableTo(this);
  }

  get traffic(): Traffic {
    return { received: this.#received, sent: this.#sent, chunks: this.#chunks };
  }

  observe(observer: Observer): () => void {
    if (this.#closed) observer.closed?.(this.#closed);
    else if (sees(observer)) this.#observers.push(observer);
    return () => {
      const at = this.#observers.indexOf(observer);
      if (at >= 0) this.#observers.splice(at, 1);
    };
  }

  get tcpInfo(): TcpInfo | undefined {
    return this.#closed ? undefined : this.#system?.tcpInfo();
  }

  close(): void {
    if (!this.#close("closed")) return;
    this.#socket.close();
    if (this.#writing) this.#onCutOff?.();
  }

  resetWhenWritten(): Promise<void> {
    this.reset();
    return Promise.resolve();
  }

  // No Deno API sends RST: the runtime shuts a socket down before it closes it.
  reset(): void {
    if (!this.#system) return this.close();
    if (!this.#close("reset")) return;
    this.#system.reset();
    this.#socket.close();
  }

  #close(how: "closed" | "reset"): boolean {
    if (this.#closed) return false;
    this.#closed = how;
    if (this.#place) readWindow.leave(this.#place);
    for (const { closed } of this.#observers.splice(0)) closed?.(how); // and they see no more
    return true;
  }

  #observeSent(chunk: Uint8Array): void {
    for (const observer of this.#observers) observer.sent?.(chunk);
  }
}

function sees({ received, sent, ended, halfClosed, closed }: Observer): boolean {
  return [received, sent, ended, halfClosed, closed].some((call) => call !== undefined);
}
