/** iperf3: measures throughput with its clients, and with netecho's own. */
import type { ServerTests } from "../../throughput/server_tests.ts";
import { defineService } from "../service.ts";

const load = () => import("../../throughput/server_tests.ts");

/** The iperf3 service; what it measures with is loaded where an endpoint has it. */
export const iperf3 = defineService({
  name: "iperf3",
  summary: "measure throughput with iperf3, or with client --throughput",
  options: {},
  takesDatagrams: true,
  needsSeveral: true,
  hidesPayload: true,
  example: "netecho server :5201=iperf3",
  load,
  start: (): { tests?: ServerTests } => ({}),
  refused: (remote, { tests }) => tests?.refused(remote),
  async handle(peer, { state, ...context }) {
    const { ServerTests } = await load();
    state.tests ??= new ServerTests();
    return await state.tests.serve(peer, context);
  },
});
