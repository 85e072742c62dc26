/** Discard (RFC 863): "throws away any data it receives. No response is sent." */
import { discardAll } from "../answer.ts";
import { defineService } from "../service.ts";

/** The discard service. It closes its side when the peer has closed its own. */
export const discard = defineService({
  name: "discard",
  summary: "throw away what comes in (RFC 863)",
  options: {},
  example: "netecho server :9=discard",
  handle: async (peer) => {
    await discardAll(peer);
    await peer.writable.close();
  },
});
