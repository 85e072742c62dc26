/** What a measurement asks its peer. */
import { withPatterns } from "../core/byte_pattern.ts";
import { echoExchange } from "./echo_exchange.ts";
import type { Exchange } from "./exchange.ts";
import { ownExchange } from "./own_exchange.ts";
import type { ExchangeSpec } from "./own_request.ts";

/** Exchanges of one's own where there are any; else the echo of messages of `size` bytes. */
export function exchangeOf(
  { size, exchanges }: {
    readonly size: number;
    readonly exchanges?: readonly ExchangeSpec[] | undefined;
  },
): Promise<Exchange> {
  return withPatterns(() => exchanges ? ownExchange(exchanges) : echoExchange(size));
}
