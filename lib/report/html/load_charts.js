// The charts of a load; behind charts.js.
/* global result, innerWidth, axis, line, time, draw */

const NARROW = 600; // pixels, in which not every label has room
// A slice that was cut short is no rate.
const timeline = result.timeline.filter(({ lastedMs }) => lastedMs > result.load.slice / 2);
const seconds = timeline.map(({ atMs }) => atMs / 1000);
const positive = (value) => value > 0 ? value : null; // a logarithmic axis has no 0
const share = (percent) => Number(percent.toPrecision(8));

function ms(value) {
  return value === null || value === undefined ? "–" : `${Number(value.toPrecision(3))} ms`;
}

function perSecond(value) {
  return value === null || value === undefined
    ? "–"
    : `${Math.round(value).toLocaleString("en")}/s`;
}

const sizes = (_, values) => values.map((value) => value === null ? "" : String(value));

function overTime(names) {
  const shown = names.filter(([, key]) => timeline.some((slice) => slice[key] > 0));
  return {
    data: [
      seconds,
      ...shown.map(([, key]) => timeline.map((slice) => positive(slice[key]))),
    ],
    options: {
      scales: { x: { time: false }, y: { distr: 3 } },
      // Where nothing was answered there is no line.
      series: [
        time,
        ...shown.map(([label, , color]) => ({ ...line(label, color, ms), spanGaps: false })),
      ],
      axes: [axis({ label: "seconds" }), axis({ label: "ms", size: 60, values: sizes })],
    },
  };
}

// The higher the percentile, the more room: the axis is 1 / (1 - p), logarithmic.
function percentiles() {
  const { latency, uncorrected } = result;
  const place = (percent) => 1 / (1 - percent / 100);
  const curve = ({ curve }) => curve.filter(([percent]) => percent < 100);
  const points = curve(latency).length >= curve(uncorrected ?? latency).length
    ? latency
    : uncorrected;
  const percents = curve(points).map(([percent]) => percent);
  const values = (distribution) => {
    const at = new Map(distribution.curve);
    return percents.map((percent) => positive(at.get(percent)));
  };
  const marks = [1, 2, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((_, index, all) =>
    index === 0 || all[index - 1] <= place(percents.at(-1) ?? 0)
  );
  const every = innerWidth < NARROW ? 2 : 1;
  const name = (mark, index) =>
    mark === null || index % every > 0 ? "" : `${share(100 - 100 / mark)}%`;
  return {
    data: [
      percents.map(place),
      values(latency),
      ...(uncorrected ? [values(uncorrected)] : []),
    ],
    options: {
      scales: { x: { time: false, distr: 3 }, y: { distr: 3 } },
      series: [
        { label: "percentile", value: (_, v) => v === null ? "–" : `${share(100 - 100 / v)}%` },
        line(uncorrected ? "corrected" : "latency", "--one", ms),
        ...(uncorrected ? [line("uncorrected", "--two", ms)] : []),
      ],
      axes: [
        axis({
          label: "percentile",
          space: 30,
          splits: () => marks,
          values: (_, all) => all.map(name),
        }),
        axis({ label: "ms", size: 60, values: sizes }),
      ],
    },
  };
}

function throughput() {
  const rate = (key) => timeline.map((slice) => slice[key] * 1000 / slice.lastedMs);
  const failed = timeline.some((slice) => slice.failed > 0);
  const target = result.load.rate;
  return {
    data: [
      seconds,
      rate("answered"),
      ...(failed ? [rate("failed")] : []),
      ...(target ? [seconds.map(() => target)] : []),
    ],
    options: {
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, max * 1.1 || 1] } },
      series: [
        time,
        line("answered", "--one", perSecond),
        ...(failed ? [line("failed", "--two", perSecond)] : []),
        ...(target ? [{ ...line("asked for", "--quiet", perSecond), dash: [6, 6], width: 1 }] : []),
      ],
      axes: [axis({ label: "seconds" }), axis({ label: "a second", size: 70 })],
    },
  };
}

const CHARTS = {
  latency: () =>
    overTime([["max", "maxMs", "--three"], ["p99", "p99Ms", "--two"], ["p50", "p50Ms", "--one"]]),
  percentiles,
  throughput,
};

draw(CHARTS);
