/** iperf3: measures throughput with its clients, and with netecho's own. */
import { ServerTests } from "../../throughput/server_tests.ts";
import { defineService } from "../service.ts";

/** The iperf3 service. It serves any number of clients at once. */
export const iperf3 = defineService({
  name: "iperf3",
  summary: "measure throughput with iperf3, or with client --throughput",
  options: {},
  takesDatagrams: true,
  needsSeveral: true,
  hidesPayload: true,
  example: "netecho server :5201=iperf3",
  start: () => new ServerTests(),
  handle: (peer, { state, ...context }) => state.serve(peer, context),
});
