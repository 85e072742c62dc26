// The charts of a throughput; behind report/html/charts.js.
/* global document, result, axis, line, time, draw */

const directions = [...new Set(result.intervals.map(({ direction }) => direction))];
const of = (direction) => result.intervals.filter((each) => each.direction === direction);
// What is omitted comes before 0.
const omittedMs = Math.max(
  0,
  ...result.intervals.filter((each) => each.omitted).map(({ toMs }) => toMs),
);
const at = (ms, { omitted }) => (ms - (omitted ? omittedMs : 0)) / 1000;
// Every direction has the same intervals. The first of them begins the line.
const shared = of(directions[0]);
const seconds = [at(shared[0].fromMs, shared[0]), ...shared.map((each) => at(each.toMs, each))];
const values = (direction, key) => {
  const all = of(direction).map((each) => each[key] ?? null);
  return [all[0], ...all];
};
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
    data: [seconds, ...series.map(([, points]) => points)],
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
      directions.map((direction) => [direction, values(direction, "bitsPerSecond")]),
      { label: "bit/s", value: bits },
    ),
  ...(document.getElementById("trouble") && {
    trouble: () =>
      overTime(
        [
          ["retransmits", values("up", "retransmits")],
          ["lost", values("down", "lost")],
        ].filter(([, points]) => points.some((value) => value > 0)),
        {
          label: "segments, datagrams",
          value: count,
        },
      ),
  }),
});
