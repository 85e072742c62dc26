/// <reference lib="dom" />
/** Following the bytes of one connection. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { BytesMessage } from "../v1/bytes.ts";
import { type Api, ApiError } from "./api.ts";
import { ByteLog } from "./byte_log.ts";
import { readMessages } from "./messages.ts";

const REDRAW_MS = 100;
const RETRY_MS = 1000;

const nothing = (): Bytes => ({ log: new ByteLog(), follows: false, trouble: "" });
const NOT_FOUND = 404;
const BROKEN = new ApiError(0, "the server does not answer");

/** The bytes of a connection, and why they do not come. */
export interface Bytes {
  readonly log: ByteLog;
  /** Whether what passes now is told. */
  readonly follows: boolean;
  readonly trouble: string;
}

/**
 * The bytes of a connection from the moment that it is seen open; while it is paused what comes is
 * kept, and not drawn.
 */
export function useBytes(
  connection: number,
  { api, isOpen, paused }: {
    readonly api: Api;
    readonly isOpen: boolean;
    readonly paused: boolean;
  },
): Bytes {
  const wasOpen = useRef(false);
  wasOpen.current ||= isOpen;
  const [bytes, setBytes] = useState<Bytes>(nothing);
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!wasOpen.current) return;
    const over = new AbortController();
    const { log } = bytes;
    const follow = async () => {
      const { body } = await api.open(`GET /v1/sessions/${connection}/bytes`, {
        signal: over.signal,
      });
      setBytes({ log, follows: true, trouble: "" });
      for await (const { data } of readMessages<BytesMessage>(body!)) log.add(data);
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () =>
      follow().catch((error: Error) => {
        if (over.signal.aborted) return;
        const { status, message } = error instanceof ApiError ? error : BROKEN;
        if (status === NOT_FOUND) return; // it is closed
        setBytes({ log, follows: false, trouble: message });
        timer = setTimeout(begin, RETRY_MS);
      });
    begin();
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [api, connection, wasOpen.current]);
  useEffect(() => {
    if (paused) return;
    let drawn = -1;
    const timer = setInterval(() => {
      if (bytes.log.added === drawn) return;
      drawn = bytes.log.added;
      redraw((count) => count + 1);
    }, REDRAW_MS);
    return () => clearInterval(timer);
  }, [bytes.log, paused]);
  return bytes;
}
