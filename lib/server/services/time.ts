/** Time (RFC 868): seconds since 1900 as 32 bits. */
import { answer } from "../answer.ts";
import { defineService } from "../service.ts";

// "the time 2,208,988,800 corresponds to 00:00 1 Jan 1970 GMT"
const SECONDS_TO_1970 = 2_208_988_800;

/** The time service. In 2036 the count starts again at 0, as 32 bits do. */
export const time = defineService({
  name: "time",
  summary: "send the seconds since 1900 as 32 bits, then close (RFC 868)",
  options: {},
  example: "netecho server :37=time",
  amplifies: true,
  handle(peer, { clock }) {
    const bytes = new Uint8Array(4);
    const seconds = Math.floor(clock.wallTime() / 1000) + SECONDS_TO_1970;
    new DataView(bytes.buffer).setUint32(0, seconds % 2 ** 32);
    return answer(peer, bytes);
  },
});
