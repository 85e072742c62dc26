/// <reference lib="dom" />
/** Following the server's state, again and again where the stream breaks. */
import type { StateMessage } from "../v1/state_message.ts";
import { type Api, ApiError, asApiError } from "./api.ts";
import { readMessages } from "./messages.ts";
import type { Store } from "./store.ts";

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 5000];
const SILENCE_MS = 10_000; // a sample comes every second

/** Has the store follow the server until the signal is aborted. */
export async function follow(
  store: Store,
  { api, signal }: { readonly api: Api; readonly signal: AbortSignal },
): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const silence = new AbortController();
    const over = AbortSignal.any([signal, silence.signal]);
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const { body } = await api.open("GET /v1/state", {
        signal: over,
        ...(store.last !== undefined && { headers: { "last-event-id": store.last } }),
      });
      for await (const { id, data } of readMessages<StateMessage>(body!)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        [store.last, pause] = [id, FIRST_PAUSE_MS];
        store.trouble = undefined;
        store.apply(data);
      }
      throw new ApiError(0, "the server has stopped");
    } catch (error) {
      if (signal.aborted) return;
      const { status, message } = asApiError(error as Error);
      store.trouble = message;
      store.asksToken = status === 401;
      store.changed();
      if (store.asksToken) return;
    } finally {
      clearTimeout(timer);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}
