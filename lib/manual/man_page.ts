/** The manual page, in the macros of man(7). */
import { type HelpPage, type Row, tablesOf } from "../cli/help.ts";
import { type Manual, OTHER_COMMANDS } from "./manual.ts";
import { topics } from "./topics.ts";

/** The page, for `netecho man | man -l -`. */
export function manPage({ version, commands }: Manual): string {
  const usages = Object.values(commands).flatMap(({ usage = [] }) => usage);
  const others = OTHER_COMMANDS.map(([name, argument]) => `netecho ${name} ${argument}`.trim());
  const synopsis = [...usages, ...others, "netecho --help | --version"];
  return [
    `.TH NETECHO 1 "" "netecho ${version}" "User Commands"`,
    ".SH NAME",
    "netecho \\- the network peer you carry in one file",
    ".SH SYNOPSIS",
    ...synopsis.flatMap((form) => [".nf", escaped(form), ".fi"]),
    ".SH DESCRIPTION",
    "A server that echoes, discards, generates, replies or forwards over TCP, TLS, UDP and Unix",
    "sockets, misbehaves on request and shows every byte; and a client that talks, pipes,",
    "measures and loads.",
    ...Object.entries(commands).flatMap(([name, page]) => chapter(name, page)),
    ...topics.flatMap(({ name, page }) => chapter(name.replace("-", " "), page)),
    ".SH SEE ALSO",
    ".BR nc (1),",
    ".BR socat (1),",
    ".BR wireshark (1)",
    "",
  ].join("\n");
}

function chapter(name: string, page: HelpPage): string[] {
  return [
    `.SH ${name.toUpperCase()}`,
    escaped(page.summary),
    ...tablesOf(page).flatMap(({ title, rows }) => [`.SS ${escaped(title)}`, ...rows.flatMap(row)]),
  ];
}

function row([label, text]: Row): string[] {
  return [".TP", `.B ${escaped(label)}`, escaped(text)];
}

// A backslash begins an escape, a line that begins with a point or an apostrophe is a request, and
// a hyphen that is to be typed is a minus.
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&")
    .replaceAll('"', "\\(dq");
}
