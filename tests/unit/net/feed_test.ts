import { assertEquals } from "@std/assert";
import { Feed } from "../../../lib/net/transports/tls/feed.ts";

Deno.test("the last bytes are followed by all that the peer still sends", async () => {
  const calls: string[] = [];
  const input = ["flight", "more", null];
  const feed = new Feed({
    read: (into) => {
      const text = input.shift()!;
      calls.push(`read ${text}`);
      if (text === null) return Promise.resolve(null);
      return Promise.resolve(new TextEncoder().encodeInto(text, into).written);
    },
    write: (bytes) => {
      calls.push(`write ${new TextDecoder().decode(bytes)}`);
      return Promise.resolve(bytes.length);
    },
    closeWrite: () => {
      calls.push("closeWrite");
      return Promise.resolve();
    },
    close: () => void calls.push("close"),
  });
  await feed.sendLast(new TextEncoder().encode("alert"));
  assertEquals(calls, ["write alert", "closeWrite", "read flight", "read more", "read null"]);
});
