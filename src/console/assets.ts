import { createHash } from "node:crypto";
import { Hono } from "hono";
import { favicon } from "./favicon.ts";
import { passkeyScript } from "./passkey-script.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const CSS = { body: style, type: "text/css; charset=utf-8", hash: hashOf(style) };
const JS = { body: script, type: "text/javascript; charset=utf-8", hash: hashOf(script) };
const PASSKEY_JS = { ...JS, body: passkeyScript, hash: hashOf(passkeyScript) };
const SVG = { body: favicon, type: "image/svg+xml", hash: hashOf(favicon) };

const MANIFEST_TEXT = JSON.stringify({
  name: "Countersign",
  short_name: "Countersign",
  description: "Alerts, evidence and one exact fix that waits for your Approve",
  start_url: "/",
  scope: "/",
  display: "standalone",
  background_color: "#f7f6f3",
  theme_color: "#31407a",
  icons: [
    {
      src: `/assets/favicon.svg?v=${SVG.hash}`,
      type: "image/svg+xml",
      sizes: "any",
      purpose: "any",
    },
  ],
});
const MANIFEST = {
  body: MANIFEST_TEXT,
  type: "application/manifest+json",
  hash: hashOf(MANIFEST_TEXT),
};

/** A changed file has a new address, so that an old copy is never used with a new page. */
export const assetPaths = {
  style: `/assets/console.css?v=${CSS.hash}`,
  script: `/assets/console.js?v=${JS.hash}`,
  passkeyScript: `/assets/passkeys.js?v=${PASSKEY_JS.hash}`,
  favicon: `/assets/favicon.svg?v=${SVG.hash}`,
  manifest: `/assets/manifest.webmanifest?v=${MANIFEST.hash}`,
} as const;

export function createAssets(): Hono {
  const app = new Hono();
  const files = {
    "/console.css": CSS,
    "/console.js": JS,
    "/passkeys.js": PASSKEY_JS,
    "/favicon.svg": SVG,
    "/manifest.webmanifest": MANIFEST,
  };
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
