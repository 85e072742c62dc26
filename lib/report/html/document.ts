/** A page that needs no other file: its frame, its tables and its charts. */
import script from "uplot/script" with { type: "text" };
import style from "uplot/style" with { type: "text" };
import charts from "./charts.js" with { type: "text" };
import palette from "./palette.css" with { type: "text" };
import pageStyle from "./style.css" with { type: "text" };

// Nothing is loaded, whoever wrote the strings in it.
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";

/** What a page is made of. */
export interface DocumentOptions {
  readonly title: string;
  /** Its HTML, part by part. */
  readonly body: readonly string[];
  /** A script that describes the charts, and finds the data in `result`. */
  readonly script: string;
  readonly data: unknown;
}

/** A whole page. */
export function htmlDocument({ title, body, script: own, data }: DocumentOptions): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}</title>
<style>${style}${palette}${pageStyle}</style>
</head>
<body>
${body.join("\n")}
<script type="application/json" id="result">${jsonText(data)}</script>
<script>${script}
${charts}${own}</script>
</body>
</html>
`;
}

/** A part of a page under a heading. */
export function section(title: string, content: string): string {
  return `<section><h2>${title}</h2>${content}</section>`;
}

/** A part of a page for the chart of this name. */
export function chart(id: string, title: string): string {
  return section(title, `<div class="chart" id="${id}"></div>`);
}

/** A table of texts. */
export function table(rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
  return `<div class="scroll"><table>${rows.map(row).join("")}</table></div>`;
}

/** Figures that catch the eye, by their names. */
export function figureBoxes(figures: Readonly<Record<string, string>>): string {
  const boxes = Object.entries(figures).map(([name, value]) =>
    `<div><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`
  );
  return `<div class="figures">${boxes.join("")}</div>`;
}

/** Terms and what is said of them, as HTML. */
export function definitions(all: Readonly<Record<string, string>>): string {
  const rows = Object.entries(all).map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`);
  return `<dl>${rows.join("")}</dl>`;
}

/** A text as HTML. */
export function escaped(raw: string): string {
  return raw.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

// Nothing in a string may end the script that it stands in.
function jsonText(data: unknown): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}
