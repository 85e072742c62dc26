/** Who may use the control interface. */
import { isIP } from "node:net";
import { timingSafeEqual } from "node:crypto";
import { UsageError } from "../core/errors.ts";
import type { Values } from "../cli/options.ts";
import { type Address, formatAddress, isInet } from "../net/address.ts";
import { isLoopback } from "../net/ip.ts";
import { HttpError } from "./http.ts";
import type { controlOptions } from "./options.ts";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/** Judges requests. */
export interface Guard {
  /** What the address of the page has in it; nothing where a file is to keep it out of sight. */
  readonly shownToken: string | undefined;
  /** @throws {HttpError} where a request may not be answered */
  check(request: Request): void;
  /** The same but for the token: @throws {HttpError} where the host or the origin is not allowed */
  checkSource(request: Request): void;
}

/**
 * The guard of an address.
 *
 * @throws {UsageError} where others than this machine reach it, and nothing says who may
 */
export function guardOf(
  address: Address,
  { controlToken, controlTokenFile, controlOpen, controlHost }: Values<typeof controlOptions>,
): Guard {
  const token = (controlToken ?? controlTokenFile)?.trim();
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    const option = controlToken === undefined ? "--control-token-file" : "--control-token";
    throw new UsageError(`Option ${option}: one word of visible ASCII characters is needed`);
  }
  const strange = controlHost.find((name) => !/^[\w.-]+$/.test(name));
  if (strange !== undefined) {
    throw new UsageError(`Option --control-host: a host name is needed, not "${strange}"`);
  }
  if (isInet(address) && !isLoopback(address.hostname) && !token && !controlOpen) {
    throw new UsageError(
      `Option --control: ${formatAddress(address)} can be reached from elsewhere; give ` +
        "--control-token TOKEN, or --control-open to let everybody change the server",
    );
  }
  const names = new Set(controlHost.map((name) => name.toLowerCase()));
  const checkSource = (request: Request) => {
    if (isInet(address)) checkHost(request, { names, open: controlOpen });
    checkOrigin(request);
  };
  return {
    shownToken: controlToken === undefined ? undefined : token,
    checkSource,
    check(request) {
      checkSource(request);
      if (token !== undefined) checkToken(request, token);
    },
  };
}

// A page of the web whose name leads here (DNS rebinding) comes with that name.
function checkHost(
  { headers }: Request,
  { names, open }: { readonly names: ReadonlySet<string>; readonly open: boolean },
): void {
  const host = headers.get("host");
  if (host === null) return; // HTTP/1.0, which no browser speaks
  const name = host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "")
    .toLowerCase();
  if (name === "localhost" || isIP(name) || names.has(name)) return;
  if (open && /^[a-z0-9_-]+$/.test(name)) return;
  throw new HttpError(403, `host "${name}" is not known here; see --control-host`);
}

function checkOrigin({ headers, method }: Request): void {
  const origin = headers.get("origin");
  if (origin === null || SAFE_METHODS.includes(method)) return;
  if (URL.canParse(origin) && new URL(origin).host === headers.get("host")) return;
  throw new HttpError(403, "pages of other origins may change nothing");
}

function checkToken({ headers }: Request, token: string): void {
  const [, given = ""] = /^Bearer +(.*)$/i.exec(headers.get("authorization") ?? "") ?? [];
  const [one, other] = [given, token].map((text) => new TextEncoder().encode(text));
  if (one!.length === other!.length && timingSafeEqual(one!, other!)) return;
  throw new HttpError(401, "a token is needed: Authorization: Bearer TOKEN");
}
