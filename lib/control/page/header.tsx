/// <reference lib="dom" />
/** The line above all: which server, and what it does. */
import type { JSX } from "preact";
import { formatByteRate, formatCount } from "../../core/units.ts";
import { age } from "./format.ts";
import { BothRates, Name } from "./parts.tsx";
import { perSecond } from "./rates.ts";
import type { Store } from "./store.ts";
import { nextTheme, type Theme } from "./theme.ts";

const SPARK_SECONDS = 60;
const [SPARK_WIDTH, SPARK_HEIGHT] = [120, 24];

/** What the header shows and switches. */
export interface HeaderProps {
  readonly store: Store;
  readonly paused: boolean;
  readonly onPause: (paused: boolean) => void;
  readonly theme: Theme;
  readonly onTheme: (theme: Theme) => void;
  readonly onCopy: () => void;
  /** Whether something is over it. */
  readonly isCovered: boolean;
}

/** The header of the page. */
export function Header(
  { store, paused, onPause, theme, onTheme, onCopy, isCovered }: HeaderProps,
): JSX.Element {
  const { server, rates, samples } = store;
  const { open = 0 } = samples.at(-1) ?? {};
  return (
    <header class="top">
      <h1>netecho</h1>
      {server?.host && <Name>{server.host}</Name>}
      {server && <span class="hint">up {age(store.now - server.started)}</span>}
      <span class="figures" aria-label="What all endpoints do">
        <span>
          <b>{formatCount(open)}</b> open
        </span>
        <BothRates rates={rates} />
      </span>
      <Sparkline store={store} />
      <span class="tools" inert={isCovered}>
        <button type="button" class="quiet" onClick={onCopy}>copy all</button>
        <button type="button" class="quiet" aria-pressed={paused} onClick={() => onPause(!paused)}>
          pause
        </button>
        <button type="button" class="quiet" onClick={() => onTheme(nextTheme(theme))}>
          theme: {theme}
        </button>
      </span>
    </header>
  );
}

// Bytes both ways, over the last minute.
function Sparkline({ store: { samples } }: { readonly store: Store }): JSX.Element {
  const last = samples.slice(-SPARK_SECONDS - 1);
  const rates = last.slice(1).map((after, index) => {
    const before = last[index]!;
    return perSecond("received", { before, after }) + perSecond("sent", { before, after });
  });
  const most = Math.max(1, ...rates);
  const step = SPARK_WIDTH / (SPARK_SECONDS - 1);
  const left = SPARK_WIDTH - (rates.length - 1) * step;
  const points = rates.map((rate, index) =>
    `${(left + index * step).toFixed(1)},${
      (SPARK_HEIGHT - 2 - rate / most * (SPARK_HEIGHT - 4)).toFixed(1)
    }`
  );
  return (
    <svg
      class="spark"
      role="img"
      aria-label={`Bytes a second over the last minute, at most ${formatByteRate(most)}`}
      viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`}
      width={SPARK_WIDTH}
      height={SPARK_HEIGHT}
    >
      <polyline points={points.join(" ")} />
    </svg>
  );
}
