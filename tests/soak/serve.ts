/**
 * The server, which says on stderr what its JavaScript heap holds after a collection, in bytes,
 * whenever it gets SIGUSR2. To be run with `--v8-flags=--expose-gc`.
 */
import { run } from "../../server.ts";

Deno.addSignalListener("SIGUSR2", () => {
  (globalThis as unknown as { gc: () => void }).gc();
  Deno.stderr.writeSync(new TextEncoder().encode(`heap ${Deno.memoryUsage().heapUsed}\n`));
});
Deno.exit(await run(Deno.args));
