/// <reference lib="dom" />
/** Following the bytes of one connection. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { BytesMessage } from "../v1/bytes.ts";
import { type Api, asApiError } from "./api.ts";
import { ByteLog } from "./byte_log.ts";
import type { ByteView } from "./byte_view.ts";
import { useVisible } from "./hooks.ts";
import { readMessages } from "./messages.ts";

const REDRAW_MS = 100;
const RETRY_MS = 1000;
const NOT_FOUND = 404;

/** The bytes of a connection, and why they do not come. */
export interface Bytes {
  readonly view: ByteView;
  /** Whether what passes now is told. */
  readonly follows: boolean;
  readonly trouble: string;
}

/**
 * The bytes of a connection from the moment that it is seen open; while it is paused what comes is
 * kept, and not shown.
 */
export function useBytes(
  connection: number,
  { api, isOpen, paused }: {
    readonly api: Api;
    readonly isOpen: boolean;
    readonly paused: boolean;
  },
): Bytes {
  const [log] = useState(() => new ByteLog());
  const [view, setView] = useState(() => log.view());
  const [state, setState] = useState({ follows: false, trouble: "" });
  const wasOpen = useRef(false);
  wasOpen.current ||= isOpen;
  const isVisible = useVisible();
  useEffect(() => {
    if (!wasOpen.current || !isVisible) return;
    const over = new AbortController();
    const follow = async () => {
      const { body } = await api.open(`GET /v1/sessions/${connection}/bytes`, {
        signal: over.signal,
      });
      setState({ follows: true, trouble: "" });
      for await (const { data } of readMessages<BytesMessage>(body!)) log.add(data);
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () =>
      follow().catch((error: Error) => {
        if (over.signal.aborted) return;
        const { status, message } = asApiError(error);
        if (status === NOT_FOUND) return; // it is closed
        setState({ follows: false, trouble: message });
        timer = setTimeout(begin, RETRY_MS);
      });
    begin();
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [api, connection, wasOpen.current, isVisible]);
  useEffect(() => {
    if (paused) return;
    let seen = -1;
    const timer = setInterval(() => {
      if (log.added === seen) return;
      seen = log.added;
      setView(log.view());
    }, REDRAW_MS);
    return () => clearInterval(timer);
  }, [log, paused]);
  return { view, ...state };
}
