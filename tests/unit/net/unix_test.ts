import { assert, assertEquals, assertThrows } from "@std/assert";
import { systemClock } from "../../../lib/core/clock.ts";
import { NetworkError, UsageError } from "../../../lib/core/errors.ts";
import { checkSystem, unix } from "../../../lib/net/transports/unix.ts";
import { onLinux } from "../../support/skips.ts";
import { withFolder } from "../../support/system.ts";

/** Leaves a socket file on which nobody listens. */
function leaveStale(path: string): void {
  const listener = Deno.listen({ transport: "unix", path });
  Deno.renameSync(path, `${path}.kept`);
  listener.close();
  Deno.renameSync(`${path}.kept`, path);
}

Deno.test({
  ...onLinux("unix: of two servers that find the same stale file, one listens and one is refused"),
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/stale`;
      leaveStale(path);
      const listen = () =>
        unix.listen({ transport: "unix", path }, {
          values: { mode: undefined },
          clock: systemClock,
        });
      const outcomes = await Promise.allSettled([listen(), listen()]);
      const [listener, second] = outcomes.map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : undefined
      ).toSorted((one) => one ? -1 : 1);
      assert(listener && !second);
      const refused = outcomes.find(({ status }) => status === "rejected") as PromiseRejectedResult;
      assert(refused.reason instanceof NetworkError);
      const accepting = listener.accept();
      (await Deno.connect({ transport: "unix", path })).close();
      const peer = await (await accepting).open();
      assertEquals(await peer.read(), null);
      peer.close();
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["stale"]);
      // The other server may have connected, to see whether somebody listens.
      const ended = listener.accept().then((arrival) => arrival.close(), () => {});
      listener.close();
      await ended;
    }),
});

Deno.test("unix: a system that has no such sockets is a usage error", () => {
  const [file, abstract] = [{ transport: "unix", path: "/tmp/a" }, {
    transport: "unix",
    path: "@a",
  }] as const;
  assertThrows(() => checkSystem(file, "windows"), UsageError, "no Unix sockets on Windows");
  assertThrows(() => checkSystem(abstract, "darwin"), UsageError, "abstract names are Linux's");
  checkSystem(file, "darwin");
  checkSystem(abstract, "linux");
});
