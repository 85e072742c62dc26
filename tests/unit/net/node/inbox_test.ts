import { assertEquals, assertRejects } from "@std/assert";
import { Inbox } from "../../../../lib/net/node/inbox.ts";

Deno.test("chunks are read in order, in parts where the reader has less room", async () => {
  const inbox = new Inbox();
  inbox.push(new Uint8Array([1, 2, 3]));
  inbox.push(new Uint8Array(0));
  inbox.push(new Uint8Array([4]));
  inbox.end();
  const into = new Uint8Array(2);
  const read: number[][] = [];
  for (let length; (length = await inbox.read(into)) !== null;) {
    read.push([...into.slice(0, length)]);
  }
  assertEquals(read, [[1, 2], [3], [4]]);
});

Deno.test("a reader that waits is woken by a chunk, an end or a failure", async () => {
  const inbox = new Inbox();
  const into = new Uint8Array(1);
  const one = inbox.read(into);
  inbox.push(new Uint8Array([7]));
  assertEquals([await one, into[0], inbox.empty], [1, 7, true]);
  const two = inbox.read(into);
  inbox.fail(new Deno.errors.ConnectionReset("gone"));
  await assertRejects(() => two, Deno.errors.ConnectionReset);
});

Deno.test("what came before a failure is read before it, and the first ending counts", async () => {
  const inbox = new Inbox();
  inbox.push(new Uint8Array([7]));
  inbox.end();
  inbox.fail(new Error("later"));
  const into = new Uint8Array(8);
  assertEquals([await inbox.read(into), await inbox.read(into)], [1, null]);
});
