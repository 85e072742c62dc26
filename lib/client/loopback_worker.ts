/** The thread of an echo server in the program that measures it. */
import { systemClock } from "../core/clock.ts";
import { parseOptions } from "../cli/parse.ts";
import { Log } from "../log/log.ts";
import { BatchWriter } from "../core/batch_writer.ts";
import { formatAddress } from "../net/address.ts";
import { listenOptions } from "../net/transports.ts";
import { Admission } from "../server/admission.ts";
import { parseEndpoints } from "../server/endpoint_spec.ts";
import { Endpoints } from "../server/endpoints.ts";
import { serverOptions } from "../server/options.ts";
import { serve } from "../server/serve.ts";
import type { SessionCapture } from "../server/session_captures.ts";
import { serviceOptions } from "../server/services.ts";

const thread = self as unknown as { postMessage(address: string): void };
const never = new Promise<never>(() => {});
const nowhere = new BatchWriter({ write: ({ length }) => Promise.resolve(length) });

const log = new Log({ format: () => "", output: nowhere, payload: [], quiet: true });
const clock = systemClock;
const parsed = await parseOptions([serverOptions, serviceOptions, listenOptions], []);
const [spec] = await parseEndpoints(["127.0.0.1:0"], parsed);
const endpoints = new Endpoints();
let connections = 0;
const nextConnection = () => ++connections;
const server = { log, clock, nextConnection, captures: new Set<SessionCapture>() };
const endpoint = endpoints.add(spec!, { server, admission: new Admission() });
await endpoints.bindAll();
thread.postMessage(formatAddress(endpoint.address));
await serve(endpoints, {
  grace: 0,
  shutdown: { requested: never, insisted: never },
  log,
  clock,
});
