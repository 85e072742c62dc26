/** What a load asks its peer. */
import { withPatterns } from "../core/byte_pattern.ts";
import type { LoadOptions } from "../report/load.ts";
import { echoExchange } from "../probe/echo_exchange.ts";
import type { Exchange } from "../probe/exchange.ts";
import { ownExchange } from "../probe/own_exchange.ts";

/** The exchange of a load. */
export function exchangeOf({ size, exchanges }: LoadOptions): Promise<Exchange> {
  return withPatterns(() => exchanges ? ownExchange(exchanges) : echoExchange(size));
}
