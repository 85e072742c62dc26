/** Unix sockets, by path. A path that begins with `@` is in Linux's abstract namespace. */
import { bufferOf } from "../read_buffer.ts";
import { SocketDuplex } from "../socket_duplex.ts";
import type { UnixAddress } from "../address.ts";
import { delay } from "../../core/clock.ts";
import { UsageError } from "../../core/errors.ts";
import { text } from "../../cli/options.ts";
import { loadPreparing, StreamArrival, streamListenOptions } from "../incoming.ts";
import type { Duplex } from "../duplex.ts";
import { cannotListen } from "../listen.ts";
import { connectWithin } from "../connect/deadline.ts";
import { fileAt, listenOver, setAside, systemPath } from "../unix_path.ts";
import {
  defineTransport,
  type DialOptions,
  type Listener,
  type ListenOptions,
} from "../transport.ts";

const listenOptions = {
  ...streamListenOptions,
  mode: text({
    summary: "the permissions of the socket's file, as in 0600 (default: from umask)",
    placeholder: "MODE",
    read: parseMode,
  }),
};

const UNNAMED: UnixAddress = { transport: "unix", path: "" };

/** The Unix transport. */
export const unix = defineTransport({
  name: "unix",
  summary: "Unix sockets, by path",
  listenOptions,
  dialOptions: {},
  listen,
  dial,
});

async function listen(
  address: UnixAddress,
  { values, clock }: ListenOptions<typeof listenOptions>,
): Promise<Listener> {
  checkSystem(address);
  if (values.mode !== undefined && address.path.startsWith("@")) {
    throw new UsageError("Option --mode does not apply to an abstract name, which is no file");
  }
  await loadPreparing(values);
  const listener = await listenOver(
    address,
    (path) => bindOnce(path, values.mode),
  ).catch((error) => {
    throw cannotListen(address, error);
  });
  const own = fileAt(systemPath(address));
  const arriving = { ends: { local: address, remote: UNNAMED }, preparing: { values, clock } };
  let restore = () => {};
  return {
    address,
    async accept() {
      try {
        return new StreamArrival(await listener.accept(), arriving);
      } catch (error) {
        await delay(0, { clock }); // the runtime removes the file on the next turn
        restore();
        throw error;
      }
    },
    close() {
      restore = keepForeign(systemPath(address), own);
      listener.close();
    },
  };
}

// The runtime removes whatever is at the path, though it may be another's by then, as soon as no
// accept is pending. Until the returned function is called, the file is renamed.
function keepForeign(path: string, own: string | undefined): () => void {
  const present = fileAt(path);
  if (present === undefined || present === own) return () => {};
  const aside = setAside(path);
  return () => Deno.renameSync(aside, path);
}

// With umask, the file never has wider permissions, not even until a chmod.
function bindOnce(path: string, mode: number | undefined): Deno.UnixListener {
  if (mode === undefined) return Deno.listen({ transport: "unix", path });
  const umask = Deno.umask(0o777 & ~mode);
  try {
    return Deno.listen({ transport: "unix", path });
  } finally {
    Deno.umask(umask);
  }
}

function dial(address: UnixAddress, options: DialOptions): Promise<Duplex> {
  checkSystem(address);
  return connectWithin({ address, ...options }, async () => {
    const conn = await Deno.connect({ transport: "unix", path: systemPath(address) });
    options.onPhase?.("connect");
    const buffer = bufferOf(options.readBytes);
    return new SocketDuplex(conn, { local: UNNAMED, remote: address, buffer });
  });
}

/** @throws {UsageError} where the system has no such sockets */
export function checkSystem({ path }: UnixAddress, system: string = Deno.build.os): void {
  if (system === "windows") {
    throw new UsageError(`Address unix:${path}: there are no Unix sockets on Windows; use TCP`);
  }
  if (path.startsWith("@") && system !== "linux") {
    throw new UsageError(`Address unix:${path}: abstract names are Linux's alone; name a file`);
  }
}

function parseMode(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return parseInt(text, 8);
  throw new UsageError(`permissions in octal are needed, as in 0600, not "${text}"`);
}
