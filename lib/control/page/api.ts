/// <reference lib="dom" />
/** Asking the control interface. */

const ANSWER_TIMEOUT_MS = 10_000;

/** The interface has refused, or could not be reached. */
export class ApiError extends Error {
  /** The status of the answer; 0 where none came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a request or the reading of its answer failed with; a mistake of the page is told as it is. */
export function asApiError(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  // Reading fails with a TypeError where the connection breaks.
  const isNetwork = error instanceof TypeError || error.name === "AbortError";
  return new ApiError(0, isNetwork ? "the server does not answer" : String(error));
}

/** What is asked of the interface. */
export interface ApiRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Asks the server that the page came from. */
export class Api {
  /** What `--control-token` says; empty where nothing is asked for. */
  token: string;

  constructor(token: string) {
    this.token = token;
  }

  /**
   * Asks `METHOD /path` and returns the answer as JSON; undefined where it has no content.
   *
   * @throws {ApiError} where it is refused, in the words of the answer, or the server is gone
   */
  async ask<T>(what: string, request: ApiRequest = {}): Promise<T> {
    const signal = request.signal ?? AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await this.open(what, { ...request, signal });
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /**
   * The same, for an answer that goes on.
   *
   * @throws {ApiError} where it is refused
   */
  async open(what: string, { body, headers, signal }: ApiRequest = {}): Promise<Response> {
    const [method, path] = what.split(" ") as [string, string];
    let response: Response;
    try {
      response = await fetch(path, {
        method,
        headers: { ...headers, ...(this.token && { authorization: `Bearer ${this.token}` }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch {
      throw new ApiError(0, "the server does not answer");
    }
    if (response.ok) return response;
    throw new ApiError(response.status, reasonIn(await response.text()));
  }
}

function reasonIn(text: string): string {
  try {
    return String((JSON.parse(text) as { error: unknown }).error);
  } catch {
    return text.trim();
  }
}

/** The path of an endpoint, and of what it has. */
export function endpointPath(endpoint: string, ...more: readonly string[]): string {
  return ["/v1/endpoints", ...[endpoint, ...more].map(encodeURIComponent)].join("/");
}

/** The path of a fault. */
export function faultPath(endpoint: string, fault: string): string {
  return endpointPath(endpoint, "faults", fault);
}
