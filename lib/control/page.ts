/** The page at the address of the control interface: one document that needs no other. */
import plotScript from "uplot/script" with { type: "text" };
import plotStyle from "uplot/style" with { type: "text" };
import palette from "../report/html/palette.css" with { type: "text" };
import pageScript from "./page/bundle.js" with { type: "text" };
import pageStyle from "./page/style.css" with { type: "text" };

/** A document, and the policy under which a browser runs it (Content Security Policy Level 3). */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

/** The page. Its policy lets its own script and style work, and nothing else; it asks its server alone. */
export async function controlPage(): Promise<Page> {
  const style = `${plotStyle}${palette}${pageStyle}`;
  const script = `${plotScript}\n${pageScript}`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>netecho</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="app"><noscript>This page needs JavaScript; /v1 is for programs.</noscript></div>
<script>${script}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src ${await hashOf(script)}`,
    `style-src ${await hashOf(style)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${new Uint8Array(digest).toBase64()}'`;
}
