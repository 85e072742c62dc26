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

Deno.test("once somebody reads plain bytes, the socket is read only while they wait", async () => {
  let reads = 0;
  const feed = new Feed({
    read: (into) => {
      into[0] = ++reads;
      return Promise.resolve(1);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  });
  feed.stream.on("data", (chunk: Uint8Array) => feed.inbox.push(chunk)); // as a session that deciphers
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
  const into = new Uint8Array(10);
  await settle();
  assertEquals(reads, 1); // before: what belongs to the session is read without a reader
  for (let expected = 1; expected <= 3; expected++) {
    assertEquals([await feed.read(into), into[0]], [1, expected]);
    await settle();
    assertEquals(reads, expected);
  }
});

Deno.test("a read that is under way takes part in dropping what comes behind the last bytes", async () => {
  const asked: PromiseWithResolvers<number | null>[] = [];
  const feed = new Feed({
    read: () => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)!.promise;
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  });
  feed.stream.on("data", () => {});
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
  await settle();
  const told = feed.sendLast(new Uint8Array(7));
  await settle();
  assertEquals(asked.length, 1);
  asked[0]!.resolve(null);
  await told;
  assertEquals(asked.length, 1);
});
