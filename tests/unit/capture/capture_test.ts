import { assert, assertEquals } from "@std/assert";
import { Capture } from "../../../lib/capture/capture.ts";
import { MemoryBudget } from "../../../lib/core/memory_budget.ts";
import { queuedFile } from "../../../lib/capture/capture_file.ts";
import { FakeClock, NOWHERE } from "../../support/fakes.ts";

Deno.test("capture: a disk that fills up is told once, and harms no connection", () => {
  const errors: string[] = [];
  let room = 1000;
  const file = {
    writeSync(bytes: Uint8Array) {
      if (room < bytes.length) throw new Error("no space left on the device");
      room -= bytes.length;
      return bytes.length;
    },
  };
  const onError = (reason: string) => void errors.push(reason);
  const capture = new Capture({ open: () => file, clock: new FakeClock(), onError });
  const peer = { ...NOWHERE, framed: false };
  const { received, closed } = capture.watch(peer, { initiator: "remote", comment: "#1" });
  for (let count = 0; count < 20; count++) received!(new Uint8Array(100));
  closed!("closed");
  assertEquals(errors, ["no space left on the device"]);
});

Deno.test("capture: a write that takes a part goes on with the rest", () => {
  const written: number[] = [];
  const file = {
    writeSync(bytes: Uint8Array) {
      const part = bytes.subarray(0, Math.max(1, bytes.length >> 1));
      written.push(...part);
      return part.length;
    },
  };
  const capture = new Capture({ open: () => file, clock: new FakeClock(), onError() {} });
  capture.watch({ ...NOWHERE, framed: false }, { initiator: "local", comment: "" });
  const bytes = new Uint8Array(written);
  const view = new DataView(bytes.buffer);
  let blocks = 0;
  for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true)) {
    const length = view.getUint32(at + 4, true);
    assertEquals(view.getUint32(at + length - 4, true), length);
    blocks++;
  }
  assert(blocks === 5, `${blocks}`); // section, interface, and a handshake
});

Deno.test("capture: a connection begins when it was made, not when it is first watched", () => {
  const blocks: Uint8Array[] = [];
  const writeSync = (bytes: Uint8Array) => blocks.push(bytes.slice()) && bytes.length;
  const clock = new FakeClock();
  const capture = new Capture({ open: () => ({ writeSync }), clock, onError() {} });
  const began = clock.now();
  clock.advance(5000); // of a TLS handshake
  const peer = { ...NOWHERE, framed: false };
  const { received } = capture.watch(peer, { initiator: "remote", comment: "", began });
  received!(new Uint8Array(1));
  const [, handshake, data] = blocks.map((bytes) => timeOf(bytes));
  assertEquals(data! - handshake!, 5000);
});

// The time of the first packet of some blocks, in milliseconds.
function timeOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer);
  return (view.getUint32(12, true) * 2 ** 32 + view.getUint32(16, true)) / 1e6;
}

Deno.test("capture: a write that failed behind a queue is told at the end", async () => {
  const errors: string[] = [];
  const write = () => Promise.reject(new Error("no space left on the device"));
  const capture = new Capture({
    open: () => queuedFile({ write }),
    clock: new FakeClock(),
    onError: (reason) => void errors.push(reason),
  });
  capture.watch({ ...NOWHERE, framed: false }, { initiator: "local", comment: "" });
  await capture.flush(1000);
  await capture.flush(1000);
  assertEquals(errors, ["no space left on the device"]);
});

Deno.test("capture: what waits for a pipe counts as memory that is held", async () => {
  for (const fails of [false, true]) {
    const budget = new MemoryBudget(200_000);
    const gate = Promise.withResolvers<void>();
    let taken = 0;
    const write = async (bytes: Uint8Array) => {
      await gate.promise;
      if (fails && taken > 0) throw new Error("broken pipe");
      const length = Math.ceil(bytes.length / 2); // a pipe may take less than it is given
      taken += length;
      return length;
    };
    const file = queuedFile({ write }, { budget });
    file.writeSync(new Uint8Array(250_000));
    assertEquals(budget.spent, true);
    gate.resolve();
    await file.flush!(1000).catch(() => {});
    assertEquals(budget.spent, false);
    budget.take(199_999);
    assertEquals(budget.spent, false);
    budget.take(1);
    assertEquals(budget.spent, true); // no more was given back than was taken
  }
});
