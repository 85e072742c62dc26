/** Writes every option, fault and topic as Markdown: deno task reference. */
import { helpPage as clientPage } from "../../client.ts";
import { type HelpPage, tablesOf } from "../../lib/cli/help.ts";
import { topics } from "../../lib/manual/topics.ts";
import { helpPage as serverPage } from "../../server.ts";

/** The file that has it. */
export const REFERENCE_FILE = new URL("../REFERENCE.md", import.meta.url);

/** The text of the file. */
export async function referenceText(): Promise<string> {
  const pages = [
    { name: "server", page: await serverPage() },
    { name: "client", page: await clientPage() },
    ...topics,
  ];
  return [
    "# Reference",
    "What `netecho help` and the manual page say, made by `deno task reference`.",
    pages.map(({ name }) => `- [${name}](#${name})`).join("\n"),
    ...pages.flatMap(({ name, page }) => [`## ${name}`, ...chapter(page)]),
  ].join("\n\n") + "\n";
}

function chapter(page: HelpPage): string[] {
  const { usage = [], summary } = page;
  return [
    ...(usage.length > 0 ? [`\`\`\`\n${usage.join("\n")}\n\`\`\``] : []),
    plain(summary),
    ...tablesOf(page).flatMap(({ title, rows }) => [
      `### ${capital(plain(title))}`,
      rows.map(([label, text]) => `- \`${label}\`: ${plain(text)}`).join("\n"),
    ]),
  ];
}

// Characters that mean something in Markdown.
function plain(text: string): string {
  return text.replace(/[\\`*_<>[\]|]/g, "\\$&");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

if (import.meta.main) await Deno.writeTextFile(REFERENCE_FILE, await referenceText());
