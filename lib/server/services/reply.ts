/** Reply: the same answer to everybody. */
import { UsageError } from "../../core/errors.ts";
import { unescape } from "../../core/escapes.ts";
import { file } from "../../cli/files.ts";
import { choice, text } from "../../cli/options.ts";
import { answer } from "../answer.ts";
import { defineService } from "../service.ts";

/** The reply service. */
export const reply = defineService({
  name: "reply",
  summary: "send a fixed answer, then close",
  options: {
    reply: text({
      summary: "the answer; \\n, \\r, \\t, \\0, \\\\ and \\xHH are escapes",
      placeholder: "TEXT",
      read: unescape,
      excludes: ["replyFile"],
    }),
    replyFile: file({ summary: "a file that has the answer" }),
    replyAfter: choice(["accept", "data"], {
      summary: "when to answer: at once, or after the first bytes",
    }),
  },
  example: "netecho server :8080=reply --reply '220 ready\\r\\n'",
  check({ reply, replyFile }) {
    if (reply || replyFile) return;
    throw new UsageError("Service reply needs --reply TEXT or --reply-file FILE");
  },
  async handle(peer, { values: { reply, replyFile, replyAfter } }) {
    if (replyAfter === "data" && !peer.framed) {
      if (!await peer.read()) return await peer.closeWrite();
    }
    await answer(peer, (reply ?? replyFile)!);
  },
});
