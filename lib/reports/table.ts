/** The reports. */
import { html } from "./html.ts";
import { json } from "./json.ts";
import type { Report } from "./report.ts";
import { text } from "./text.ts";

/** Every report; the first is the default. */
export const reports: readonly Report[] = [text, json, html];
