import { createHash } from "node:crypto";
import { Hono } from "hono";
import { favicon } from "./favicon.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const CSS = { body: style, type: "text/css; charset=utf-8", hash: hashOf(style) };
const JS = { body: script, type: "text/javascript; charset=utf-8", hash: hashOf(script) };
const SVG = { body: favicon, type: "image/svg+xml", hash: hashOf(favicon) };

/** A changed file has a new address, so that an old copy is never used with a new page. */
export const assetPaths = {
  style: `/assets/console.css?v=${CSS.hash}`,
  script: `/assets/console.js?v=${JS.hash}`,
  favicon: `/assets/favicon.svg?v=${SVG.hash}`,
} as const;

export function createAssets(): Hono {
  const app = new Hono();
  const files = { "/console.css": CSS, "/console.js": JS, "/favicon.svg": SVG };
  for (const [path, file] of Object.entries(files)) {
    app.get(path, (c) =>
      c.body(file.body, 200, {
        "content-type": file.type,
        "cache-control":
          c.req.query("v") === file.hash ? "public, max-age=31536000, immutable" : "no-cache",
      }),
    );
  }
  return app;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
