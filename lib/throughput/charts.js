// The charts of a throughput; behind report/html/charts.js.
/* global document, result, axis, line, time, draw */

const directions = [...new Set(result.intervals.map(({ direction }) => direction))];
const of = (direction) => result.intervals.filter((each) => each.direction === direction);
// Every direction has the same intervals; those that are omitted come before 0.
const omittedMs = Math.max(
  0,
  ...result.intervals.filter((each) => each.omitted).map(({ toMs }) => toMs),
);
const seconds = of(directions[0]).map(({ toMs, omitted }) =>
  (toMs - (omitted ? omittedMs : 0)) / 1000
);
const COLORS = ["--one", "--two", "--three"];

function bits(value) {
  if (value === null || value === undefined) return "–";
  const [factor, unit] =
    [[1e9, "Gbit/s"], [1e6, "Mbit/s"], [1e3, "kbit/s"]].find(([least]) => value >= least) ??
      [1, "bit/s"];
  return `${Number((value / factor).toPrecision(3))} ${unit}`;
}

function overTime(series, { label, value, size = 90 }) {
  return {
    data: [seconds, ...series.map(([, values]) => values)],
    options: {
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, max * 1.1 || 1] } },
      series: [time, ...series.map(([name], index) => line(name, COLORS[index], value))],
      axes: [
        axis({ label: "seconds" }),
        axis({ label, size, values: (_, values) => values.map(value) }),
      ],
    },
  };
}

const count = (value) => value === null || value === undefined ? "–" : value.toLocaleString("en");

draw({
  rate: () =>
    overTime(
      directions.map((direction) => [direction, of(direction).map((each) => each.bitsPerSecond)]),
      { label: "bit/s", value: bits },
    ),
  ...(document.getElementById("trouble") && {
    trouble: () =>
      overTime(
        [
          ["retransmits", of("up").map(({ retransmits }) => retransmits ?? null)],
          ["lost", of("down").map(({ lost }) => lost)],
        ].filter(([, values]) => values.length > 0 && values.some((value) => value !== null)),
        {
          label: "segments, datagrams",
          value: count,
        },
      ),
  }),
});
