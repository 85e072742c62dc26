/** UDP on a system that tells a receive of an ICMP error, as Windows does. */
import { assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../../lib/core/clock.ts";
import { NetworkError } from "../../../lib/core/errors.ts";
import { libc } from "../../../lib/net/linux/libc.ts";
import { datagramClient } from "../../../lib/net/transports/udp/client.ts";
import { DatagramListener } from "../../../lib/net/transports/udp/listener.ts";

libc(); // stays loaded, which is no leak of a test

const addr = { transport: "udp", hostname: "192.0.2.1", port: 7 } as const;

/** A socket whose receives end as the script says, and then wait. */
function socket(script: readonly (Error | Uint8Array<ArrayBuffer>)[]) {
  const left = [...script];
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  return {
    addr,
    receive: (): Promise<[Uint8Array<ArrayBuffer>, Deno.Addr]> => {
      const next = left.shift();
      if (next instanceof Error) return Promise.reject(next);
      return next ? Promise.resolve([next, { ...addr, port: 40_000 }]) : closed.promise;
    },
    send: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    close: () => closed.reject(new Deno.errors.Interrupted("closed")),
  };
}

const unreachable = new Deno.errors.ConnectionReset("(os error 10054)");

Deno.test("a listener goes on when an answer was undeliverable", async () => {
  const bytes = new Uint8Array([1, 2]);
  const conn = socket([unreachable, unreachable, bytes]);
  const listener = new DatagramListener(conn, {
    replyFactor: undefined,
    at: { transport: "udp", hostname: "", port: 0 },
  });
  const peer = await (await listener.accept()).open();
  assertEquals(await peer.read(), bytes);
  peer.close();
  listener.close();
});

Deno.test("a client is told that nobody listens", async () => {
  const conn = socket([unreachable]) as unknown as Deno.DatagramConn;
  const peer = datagramClient(addr, { conn, clock: systemClock });
  await assertRejects(() => peer.read(), NetworkError, "Nobody listens on udp://192.0.2.1:7");
  peer.close();
});
