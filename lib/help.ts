/** The text of `--help`, made of the same tables that the command line is read by. */
import { type Option, optionName, type OptionTable } from "./options.ts";

/** What a help page says. */
export interface HelpPage {
  /** The forms of the command, one a line. */
  readonly usage: readonly string[];
  /** What the command is for, in a sentence or two. */
  readonly summary: string;
  /** Options under a title. */
  readonly sections: readonly { readonly title: string; readonly options: OptionTable }[];
  /** Words that arguments may be, under a title. */
  readonly words?: readonly { readonly title: string; readonly rows: readonly Row[] }[];
  /** A command and what it does. */
  readonly examples: readonly Row[];
}

type Row = readonly [label: string, text: string];

const LONGEST_LABEL = 30; // columns; a longer label has its description on the next line

/**
 * Renders a help page, no line longer than `columns` where its words allow.
 *
 * @example
 * ```ts
 * import { renderHelp } from "./help.ts";
 * import { flag } from "./options.ts";
 * import { assertMatch } from "@std/assert";
 *
 * const options = { once: flag({ summary: "serve one connection" }) };
 * const sections = [{ title: "options", options }];
 * const page = { usage: ["netecho server"], summary: "Echoes.", sections, examples: [] };
 * assertMatch(renderHelp(page, 80), /--once +serve one connection/);
 * ```
 */
export function renderHelp(page: HelpPage, columns: number): string {
  const [first, ...others] = page.usage;
  const sections = [
    [`usage: ${first}`, ...others.map((form) => `       ${form}`)].join("\n"),
    wrap(page.summary, { columns, indent: 0 }),
    ...page.sections.map(({ title, options }) =>
      rows(Object.entries(options).map(optionRow), { title, columns })
    ),
  ];
  for (const { title, rows: words } of page.words ?? []) {
    sections.push(rows(words, { title, columns }));
  }
  if (page.examples.length > 0) sections.push(rows(page.examples, { title: "examples", columns }));
  return `${sections.join("\n\n")}\n`;
}

function optionRow([key, option]: [string, Option<unknown>]): Row {
  const short = option.short ? `-${option.short}, ` : "";
  const value = option.placeholder ? ` ${option.placeholder}` : "";
  return [`${short}${optionName(key)}${value}`, option.summary];
}

function rows(
  labelled: readonly Row[],
  { title, columns }: { title: string; columns: number },
): string {
  const widest = Math.max(...labelled.map(([label]) => label.length));
  const indent = Math.min(widest, LONGEST_LABEL) + 4;
  const lines = labelled.map(([label, text]) => {
    const body = wrap(text, { columns, indent });
    return label.length <= indent - 4
      ? `  ${label}`.padEnd(indent) + body.trimStart()
      : `  ${label}\n${body}`;
  });
  return [`${title}:`, ...lines].join("\n");
}

function wrap(text: string, { columns, indent }: { columns: number; indent: number }): string {
  const margin = " ".repeat(indent);
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last && indent + last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.map((line) => margin + line).join("\n");
}
