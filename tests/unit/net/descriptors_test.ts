import { assert, assertEquals } from "@std/assert";
import { find } from "../../../lib/net/linux/descriptors.ts";
import { libc } from "../../../lib/net/linux/libc.ts";
import { withSystemCalls } from "../../support/skips.ts";

Deno.test({
  ...withSystemCalls(
    "descriptors: a connection is found, whether it was there at the last search or not",
  ),
  sanitizeResources: false, // the library stays open
  async fn() {
    const system = libc()!;
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const connected = async () => {
      const accepting = listener.accept();
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const key = { type: "tcp", local: conn.localAddr, remote: conn.remoteAddr } as const;
      return { key, conn, accepted: await accepting };
    };
    const [one, other] = [await connected(), await connected()];
    const found = [find(system, one.key), find(system, other.key)];
    const later = await connected();
    found.push(find(system, later.key));
    assert(!found.includes(undefined), `${found}`);
    assertEquals(new Set(found).size, 3);
    one.conn.close();
    assertEquals(find(system, one.key), undefined);
    const again = await connected(); // it has the descriptor that was free, and another port
    assert(find(system, again.key) !== undefined);
    for (const { conn } of [other, later, again]) conn.close();
    for (const { accepted } of [one, other, later, again]) accepted.close();
  },
});
