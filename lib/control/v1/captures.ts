/** A capture for as long as somebody reads it. */
import { Capture } from "../../capture/capture.ts";
import { queuedFile } from "../../capture/capture_file.ts";
import type { LiveServer } from "../../server/live_server.ts";
import type { NumberedSession } from "../../server/session_captures.ts";
import { say } from "../../terminal/output.ts";
import { HttpError, type RouteRequest } from "../http.ts";
import { ReaderStream } from "../reader_stream.ts";

const LAST_READ_MS = 1000; // that a reader may take nothing once the server stops
const PART_BYTES = 4 * 1024 * 1024; // given to a reader at once, as it may have few turns

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
  const stream = new ReaderStream();
  const file = queuedFile(stream, { partBytes: PART_BYTES });
  const onError = (reason: string) => {
    end();
    stream.cutShort(reason); // so that it does not end as if it were whole
    void say(`netecho: A capture by GET /v1/capture is cut short: ${reason}`);
  };
  const capture = new Capture({ open: () => file, clock: server.context.clock, onError });
  let captured = { remove() {} };
  const end = () => {
    stopping.removeEventListener("abort", finish);
    captured.remove();
  };
  const finish = async () => {
    end();
    if (await capture.flush(LAST_READ_MS)) stream.end();
  };
  stopping.addEventListener("abort", finish);
  stream.gone.then(() => {
    end();
    capture.close();
  });
  captured = server.capture(capture, wanted);
  return new Response(stream.readable, {
    headers: {
      "content-type": "application/vnd.tcpdump.pcap",
      "content-disposition": 'attachment; filename="netecho.pcapng"',
    },
  });
}
