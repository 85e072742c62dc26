/** Pipe: stdin to the peer and the peer to stdout, byte for byte, both at once. */
import { wait } from "../clock.ts";
import { CrlfEncoder } from "../crlf.ts";
import { isReset, NetworkError } from "../errors.ts";
import type { Duplex } from "../net/duplex.ts";
import { byteReadable, byteWritable, pump } from "../net/streams.ts";
import { flag } from "../options.ts";
import { TerminalText } from "../printable.ts";
import { formatMany } from "../units.ts";
import { Verifier } from "../verifier.ts";
import { defineMode, type ModeContext, resetBy, talking } from "./mode.ts";

const INPUT_BUFFER = 64 * 1024; // bytes; a read of stdin goes through a thread and costs tens of us

const FLUSH_PATIENCE = 5000; // milliseconds for the last bytes to be read, when all is over

/** The pipe mode. */
export const pipe = defineMode({
  name: "pipe",
  summary: "send stdin to the peer and write what it sends to stdout",
  when: "stdin or stdout is no terminal",
  example: "echo hello | netecho client localhost 8080",
  options: {
    ...talking,
    verify: flag({ summary: "fail unless what comes back is what was sent" }),
  },
  async run(context, { linger, crlf, verify }) {
    const peer = await context.dial();
    const log = context.openLog();
    const verifier = verify ? new Verifier() : undefined;
    peer.observe(log.watch());
    peer.observe({ received: verifier && ((chunk) => verifier.received(chunk)) });
    const input = byteReadable(context.input, { firstBuffer: INPUT_BUFFER });
    const sending = pump(input, outgoing(peer, { verifier, crlf }));
    const receiving = pump(peer.readable, incoming(context.output));
    let whole = false;
    sending.then(() => whole = true, () => {});
    try {
      await exchangeAll(peer, { sending, receiving, linger, context });
    } finally {
      peer.close();
      const patience = wait(context.clock, FLUSH_PATIENCE);
      await Promise.race([Promise.allSettled([receiving]), patience.over]); // the chunk in hand
      patience.cut();
      await log.flush(FLUSH_PATIENCE);
    }
    verifier?.finish();
    if (verifier && !whole) {
      throw new NetworkError(
        "Cannot verify: the peer closed the connection before the end of stdin, after " +
          `${formatMany(verifier.verified, "byte")} came back as sent`,
      );
    }
    if (verifier) {
      await context.say(`verified: ${formatMany(verifier.verified, "byte")} came back as sent`);
    }
    return 0;
  },
});

interface Transfer {
  readonly sending: Promise<void>;
  readonly receiving: Promise<void>;
  readonly linger: number | undefined;
  readonly context: ModeContext;
}

// Ends when the peer has, whatever stdin still holds, or when the wait after stdin's end is over.
async function exchangeAll(peer: Duplex, transfer: Transfer): Promise<void> {
  const { receiving, linger, context } = transfer;
  const lingered = Promise.withResolvers<void>();
  let cancelLinger = () => {};
  let broken = false;
  const sending = transfer.sending.then(() => {
    if (linger !== undefined) cancelLinger = context.clock.after(linger, lingered.resolve);
  }, (error) => {
    // A reset shows here first, but what arrived before it is still to be read.
    if (!isReset(error)) throw error;
    broken = true;
  });
  try {
    const failed = sending.then(() => new Promise<never>(() => {}));
    await Promise.race([receiving, lingered.promise, failed]);
  } catch (error) {
    if (!isReset(error)) throw error;
    broken = true;
  } finally {
    cancelLinger();
    receiving.catch(() => {}); // closing the peer ends what still waits
    sending.catch(() => {});
  }
  if (broken) throw resetBy(peer);
}

// What is sent passes through here only where it is changed or remembered.
function outgoing(
  peer: Duplex,
  { verifier, crlf }: { verifier: Verifier | undefined; crlf: boolean },
): WritableStream<Uint8Array> {
  if (!verifier && !crlf) return peer.writable;
  const writer = peer.writable.getWriter();
  const encoder = crlf ? new CrlfEncoder() : undefined;
  return new WritableStream({
    write(chunk) {
      const bytes = encoder ? encoder.encode(chunk) : chunk;
      verifier?.sent(bytes); // before it can come back
      return writer.write(bytes);
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}

function incoming(output: ModeContext["output"]): WritableStream<Uint8Array> {
  if (!output.isTerminal()) return byteWritable(output);
  const text = new TerminalText();
  const writer = byteWritable(output).getWriter();
  const encoder = new TextEncoder();
  return new WritableStream({
    write: (chunk) => writer.write(encoder.encode(text.push(chunk))),
    close: () => writer.write(encoder.encode(text.end())),
  });
}
