/// <reference lib="dom" />
/** What the server did in the last five minutes. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type UPlot from "uplot";
import { formatByteRate, formatCount } from "../../core/units.ts";
import type { Sample } from "../samples.ts";
import type { Store } from "./store.ts";
import { perSecond } from "./rates.ts";
import { paint, type Theme } from "./theme.ts";

// It stands before the script of the page.
const { uPlot } = globalThis as unknown as { readonly uPlot: typeof UPlot };

const HEIGHT = 96; // pixels
const SHOWN_SECONDS = 300;

interface PlotLine {
  readonly label: string;
  readonly color: string;
  /** The value of a sample, or of the second before it. */
  readonly value: (sample: Sample, before: Sample) => number;
}

interface PlotDefinition {
  readonly title: string;
  readonly lines: readonly PlotLine[];
  readonly write: (value: number) => string;
  /** What two lines of the grid may be apart. */
  readonly steps?: number[] | undefined;
}

const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);

const rate = (key: keyof Sample) => (sample: Sample, before: Sample) =>
  perSecond(key, { before, after: sample });
const rateText = (value: number) => `${formatCount(Math.round(value))}/s`;

const PLOTS: readonly PlotDefinition[] = [
  {
    title: "Bytes a second",
    write: formatByteRate,
    steps: POWERS_OF_TWO,
    lines: [
      { label: "in", color: "--in", value: rate("received") },
      { label: "out", color: "--out", value: rate("sent") },
    ],
  },
  {
    title: "Open connections",
    write: formatCount,
    lines: [{ label: "open", color: "--in", value: ({ open }) => open }],
  },
  {
    title: "Refused and faults",
    write: rateText,
    lines: [
      { label: "refused", color: "--warn", value: rate("refused") },
      { label: "faults fired", color: "--out", value: rate("faults") },
    ],
  },
];

/** The plots of all endpoints together. */
export function Plots(
  { store, theme }: { readonly store: Store; readonly theme: Theme },
): JSX.Element {
  return (
    <section class="plots" aria-label="The last five minutes">
      {PLOTS.map((plot) => (
        <Plot key={plot.title} plot={plot} samples={store.samples} theme={theme} />
      ))}
    </section>
  );
}

function Plot(
  { plot: { title, lines, write, steps }, samples, theme }: {
    readonly plot: PlotDefinition;
    readonly samples: readonly Sample[];
    readonly theme: Theme;
  },
): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<UPlot>(undefined);
  const data = dataOf(samples, lines);
  const latest = useRef(data);
  latest.current = data;
  const last = lines.map((_, index) => data[index + 1]!.at(-1) ?? 0);
  useEffect(() => {
    const element = place.current!;
    const draw = () => {
      drawn.current?.destroy();
      drawn.current = new uPlot(
        optionsOf({ lines, write, steps }, element),
        latest.current,
        element,
      );
    };
    draw();
    const observer = new ResizeObserver(() =>
      drawn.current!.setSize({ width: element.clientWidth, height: HEIGHT })
    );
    observer.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", draw);
      drawn.current?.destroy();
    };
  }, [theme]);
  const { time = 0 } = samples.at(-1) ?? {};
  useEffect(() => drawn.current?.setData(data), [time]);
  const now = lines.map(({ label }, index) => `${label} ${write(last[index]!)}`);
  return (
    <figure>
      <figcaption>
        {title}
        {lines.map(({ label, color }, index) => (
          <span key={label} class={`mark ${color.slice(2)}`}>{now[index]}</span>
        ))}
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${now.join(", ")}`} />
    </figure>
  );
}

function dataOf(samples: readonly Sample[], lines: readonly PlotLine[]): UPlot.AlignedData {
  const later = samples.slice(1);
  const values = ({ value }: PlotLine) =>
    later.map((sample, index) => value(sample, samples[index]!));
  return [later.map(({ time }) => time / 1000), ...lines.map(values)];
}

function optionsOf(
  { lines, write, steps }: Omit<PlotDefinition, "title">,
  element: HTMLElement,
): UPlot.Options {
  const axis = {
    stroke: paint("--quiet", element),
    grid: { stroke: paint("--line", element), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { range: (_, least, most) => [Math.max(least, most - SHOWN_SECONDS), most] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    series: [
      {},
      ...lines.map(({ color }) => ({
        stroke: paint(color, element),
        width: 1.5,
        points: { show: false },
      })),
    ],
    axes: [
      {
        ...axis,
        size: 22,
        space: 60,
        values: (_, times) => times.map((time) => new Date(time * 1000).toTimeString().slice(0, 8)),
      },
      {
        ...axis,
        size: 64,
        space: 30,
        ...(steps && { incrs: steps }),
        values: (_, values) => values.map(write),
      },
    ],
  };
}
