/** An echo server in this program, for measuring the machine and the client. */
import { NetworkError } from "../core/errors.ts";

/** Starts the server in a worker, on a free port; resolves with its address. */
export function startLoopback(): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const worker = new Worker(new URL("./loopback_worker.ts", import.meta.url), {
    type: "module",
  });
  worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new NetworkError(`Cannot start a server in this program: ${event.message}`));
  };
  return promise;
}
