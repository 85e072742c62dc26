// Draws the charts of a page. Runs in the browser, with uPlot before it in the same script, and what
// describes the charts behind it.
// deno-lint-ignore-file no-unused-vars -- what is behind it uses all of this
/* global uPlot, document, matchMedia, addEventListener, getComputedStyle */

const result = JSON.parse(document.getElementById("result").textContent);
const HEIGHT = 260;

// A colour of the palette for the scheme that is shown, as a canvas needs it.
function paint(name) {
  const { style } = document.body;
  style.outlineColor = `var(${name})`;
  const { outlineColor } = getComputedStyle(document.body);
  style.outlineColor = "";
  return outlineColor;
}

function axis(more) {
  return {
    stroke: paint("--quiet"),
    grid: { stroke: paint("--line"), width: 1 },
    ticks: { stroke: paint("--line"), width: 1 },
    ...more,
  };
}

function line(label, color, value) {
  return {
    label,
    stroke: paint(color),
    width: 2,
    spanGaps: true,
    points: { show: false },
    value: (_, v) => value(v),
  };
}

const time = { label: "time", value: (_, v) => v === null ? "–" : `${v.toFixed(1)} s` };
// Draws each chart at the element of its name, now and whenever the page looks otherwise.
function draw(charts) {
  const drawAll = () => {
    for (const [id, describe] of Object.entries(charts)) {
      const place = document.getElementById(id);
      const { data, options } = describe();
      place.replaceChildren();
      const size = { width: place.clientWidth, height: HEIGHT, padding: [null, 28, null, null] };
      new uPlot({ ...options, ...size }, data, place);
    }
  };
  drawAll();
  addEventListener("resize", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
}
