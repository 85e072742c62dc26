/** The result as one page that opens without a network. */
import type { Report } from "../format.ts";

/** The HTML report; its charts are loaded when one is written. */
export const html: Report = {
  name: "html",
  summary: "one self-contained page with charts",
  extension: "html",
  async render(result) {
    const { renderPage } = await import("../html/page.ts");
    return renderPage(result);
  },
};
