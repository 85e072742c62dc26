/** The thread of an echo server in the program that measures it. */
import { formatAddress } from "../net/address.ts";
import { bindAll, parseTarget } from "./listeners.ts";
import { systemClock } from "../core/clock.ts";
import { LineSink } from "../log/line_sink.ts";
import { Log } from "../log/log.ts";
import { listenOptions } from "../net/transports.ts";
import { initialValues } from "../cli/options.ts";
import { serve } from "./serve.ts";
import { serviceOptions, services } from "./services.ts";

const thread = self as unknown as { postMessage(address: string): void };
const never = new Promise<never>(() => {});
const nowhere = new LineSink({ write: ({ length }) => Promise.resolve(length) });

const values = initialValues({ ...listenOptions, ...serviceOptions });
const bindings = await bindAll([parseTarget("127.0.0.1:0", services[0]!)], {
  values,
  clock: systemClock,
});
thread.postMessage(formatAddress(bindings[0]!.listener.address));
await serve(bindings, {
  values: { ...values, once: false, stats: undefined, idleTimeout: undefined, grace: 0 },
  limits: { connections: undefined, connectionsPerHost: undefined },
  shutdown: { requested: never, insisted: never },
  log: new Log({ format: () => "", output: nowhere, payload: [], quiet: true }),
});
