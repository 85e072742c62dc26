/** The text of `--help`, made of the same tables that the command line is read by. */
import { columns, printPage } from "../terminal/output.ts";
import { type Option, optionName, type OptionTable } from "./options.ts";

/** What a help page says. */
export interface HelpPage {
  /** The forms of the command, one a line. */
  readonly usage?: readonly string[];
  /** What the command is for, in a sentence or two. */
  readonly summary: string;
  /** Options under a title. */
  readonly sections?: readonly { readonly title: string; readonly options: OptionTable }[];
  /** Words that arguments may be, under a title. */
  readonly words?: readonly Table[];
  /** Words that the value of an option may be, by its key, where the option does not say. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** A command and what it does. */
  readonly examples: readonly Row[];
}

/** A word, and what it means. */
export type Row = readonly [label: string, text: string];

/** Words under a title. */
export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

const MAX_LABEL_COLUMNS = 30; // a longer label has its description on the next line
const MAX_PAGE_COLUMNS = 100; // longer lines are hard to read

/** Prints a page on stdout as wide as the terminal, within reason; returns the exit code. */
export function printHelp(page: HelpPage): Promise<number> {
  return printPage(renderHelp(page, Math.min(columns(), MAX_PAGE_COLUMNS)));
}

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
  const { usage = [], summary } = page;
  const parts = [
    ...(usage.length > 0 ? [`usage: ${usage.join("\n       ")}`] : []),
    wrap(summary, { columns, indent: 0 }),
    ...tablesOf(page).map((table) => renderTable(table, columns)),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** All that a page lists: its options, words and examples. */
export function tablesOf({ sections = [], words = [], examples }: HelpPage): Table[] {
  const options = sections.map(({ title, options }) => ({
    title,
    rows: Object.entries(options).map(optionRow),
  }));
  return [...options, ...words, { title: "examples", rows: examples }].filter(({ rows }) =>
    rows.length > 0
  );
}

/** The names of the options of a page. */
export function optionNames({ sections = [] }: HelpPage): string[] {
  return sections.flatMap(({ options }) => Object.keys(options)).map(optionName);
}

function optionRow([key, option]: [string, Option<unknown>]): Row {
  const short = option.short ? `-${option.short}, ` : "";
  const value = option.placeholder ? ` ${option.placeholder}` : "";
  return [`${short}${optionName(key)}${value}`, describeOption(option)];
}

/** The summary of an option, and its default. */
export function describeOption({ summary, defaultText }: Option<unknown>): string {
  return defaultText === undefined ? summary : `${summary} (default ${defaultText})`;
}

function renderTable({ title, rows }: Table, columns: number): string {
  const widest = Math.max(...rows.map(([label]) => label.length));
  const indent = Math.min(widest, MAX_LABEL_COLUMNS) + 4;
  const lines = rows.map(([label, text]) => {
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
