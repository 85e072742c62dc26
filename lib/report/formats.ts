/** The reports. */
import { html } from "./formats/html.ts";
import { json } from "./formats/json.ts";
import type { Report } from "./format.ts";
import { text } from "./formats/text.ts";

/** Every report; the first is the default. */
export const reports: readonly Report[] = [text, json, html];
