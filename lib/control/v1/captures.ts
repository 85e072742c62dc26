/** A capture for as long as somebody reads it. */
import { Capture } from "../../capture/capture.ts";
import type { CaptureFile } from "../../capture/capture_file.ts";
import type { LiveServer } from "../../server/live_server.ts";
import type { NumberedSession } from "../../server/session_captures.ts";
import { say } from "../../terminal/output.ts";
import { HttpError, type RouteRequest } from "../http.ts";

const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

/**
 * The packets of every connection, of those of `?endpoint=NAME`, or of `?connection=N`, from now on.
 * A reader that is too slow for them is cut off: a part is never taken for the whole.
 */
export function captureAnswer(
  { query }: RouteRequest,
  { server, stopping }: { readonly server: LiveServer; readonly stopping: AbortSignal },
): Response {
  const stray = query.keys().find((key) => key !== "endpoint" && key !== "connection");
  if (stray !== undefined) throw new HttpError(400, `a capture has no parameter ${stray}`);
  const [endpoint, connection] = [query.get("endpoint"), query.get("connection")];
  if (endpoint !== null && !server.find(endpoint)) {
    throw new HttpError(404, `no endpoint is named ${endpoint}`);
  }
  if (connection !== null && !/^\d+$/.test(connection)) {
    throw new HttpError(400, "connection: the number of one is needed");
  }
  const wanted = (session: NumberedSession) =>
    (endpoint === null || session.endpoint === endpoint) &&
    (connection === null || session.connection === Number(connection));
  const { clock } = server.context;
  let end = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const file: CaptureFile = {
        writeSync(block) {
          if ((controller.desiredSize ?? 0) < -MAX_QUEUED_BYTES) {
            throw new Error("its reader is too slow");
          }
          controller.enqueue(block.slice());
          return block.length;
        },
      };
      const onError = (reason: string) => {
        end();
        controller.error(reason); // so that it does not end as if it were whole
        void say(`netecho: A capture by GET /v1/capture is cut short: ${reason}`);
      };
      const capture = new Capture({ open: () => file, clock, onError });
      const finish = () => {
        end();
        controller.close();
      };
      stopping.addEventListener("abort", finish);
      let captured = { remove() {} };
      end = () => {
        stopping.removeEventListener("abort", finish);
        captured.remove();
        capture.close();
      };
      captured = server.capture(capture, wanted);
    },
    cancel: () => end(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
  return new Response(body, {
    headers: {
      "content-type": "application/vnd.tcpdump.pcap",
      "content-disposition": 'attachment; filename="netecho.pcapng"',
    },
  });
}
