/** Character generator (RFC 864): data "sent without regard to the input". */
import { discardInput } from "../../net/pump.ts";
import { defineService } from "../service.ts";

const PRINTABLE = 95; // ASCII characters, the space included
const LINE_CHARS = 72; // characters, before CR LF
const PERIODS_PER_WRITE = 8; // of the pattern in each write: 56 KB

/** The chargen service. Only the peer's reading paces it, and only the peer ends it. */
export const chargen = defineService({
  name: "chargen",
  summary: "send the 72-character pattern without end (RFC 864)",
  options: {},
  example: "netecho server :19=chargen",
  amplifies: true,
  async handle(peer) {
    let over = false;
    const reading = discardInput(peer).finally(() => over = true);
    const sending = async () => {
      const writer = peer.writable.getWriter();
      for (const block = pattern(); !over;) await writer.write(block);
      await writer.close();
    };
    await Promise.all([reading, sending()]);
  },
});

// RFC 864: "the data is a pattern of 72 character lines of the ASCII printing characters", each
// line beginning one character further than the last.
function pattern(): Uint8Array {
  const ring = Array.from({ length: PRINTABLE }, (_, index) => String.fromCharCode(32 + index));
  const twice = [...ring, ...ring].join("");
  const period = ring.map((_, first) => `${twice.slice(first, first + LINE_CHARS)}\r\n`).join("");
  return new TextEncoder().encode(period.repeat(PERIODS_PER_WRITE));
}
