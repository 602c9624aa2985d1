import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import type { Card } from "../../src/chat/card.ts";
import { cardOf } from "../../src/chat/card.ts";
import { describe } from "../../src/evidence/describe.ts";
import { drawSvg } from "../../src/evidence/draw.ts";
import type { Theme } from "../../src/evidence/graph.ts";
import { rasterize } from "../../src/evidence/rasterize.ts";
import { DIGESTS, EXAMPLES, FORM } from "./examples.ts";
import { GRAPHS } from "./graphs.ts";
import type { Row } from "./page.ts";
import { escaped, pageOf } from "./page.ts";
import { SLACK_STYLE, slackFormLook, slackLook } from "./slack-look.ts";
import { TELEGRAM_STYLE, telegramLook } from "./telegram-look.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "cards" },
    /** The pictures that stand in the documentation, and nothing else. */
    docs: { type: "boolean", default: false },
    browser: { type: "string", default: "/usr/bin/chromium" },
  },
});

const rows = [
  ...EXAMPLES.map(({ name, about, view, context }) => rowOf(name, about, cardOf(view, context))),
  ...DIGESTS.map(({ name, about, card }) => rowOf(name, about, card)),
  formRow(),
];
const graphs = drawGraphs();
const page = pageOf([...rows, graphRow()], TELEGRAM_STYLE + SLACK_STYLE);
const out = values.docs ? "docs/cards" : values.out;
mkdirSync(out, { recursive: true });
if (!values.docs) writeFileSync(join(out, "index.html"), page);
for (const { name, png } of graphs) writeFileSync(join(out, `${name}.png`), png);
const wanted = values.docs ? docsShots() : rows.flatMap(({ shots }) => shots.map((s) => s.name));
if (existsSync(values.browser)) await shoot(wanted);
else say(`${values.browser} is missing: no pictures. Name another one with --browser.`);
const drawn = graphs.map(({ name }) => name);
if (values.docs) shrink([...wanted, ...drawn].map((name) => join(out, `${name}.png`)));
say(`${wanted.length} cards and ${drawn.length} graphs in ${out}`);

function rowOf(name: string, about: string, card: Card): Row {
  return {
    name,
    about,
    shots: [
      { name: `telegram-${name}`, html: telegramLook(card, "light") },
      { name: `telegram-${name}-dark`, html: telegramLook(card, "dark") },
      { name: `slack-${name}`, html: slackLook(card) },
    ],
  };
}

/** As the chats get them; the console has the SVG that they are made of. */
function drawGraphs() {
  const themes: readonly Theme[] = ["light", "dark"];
  return Object.entries(GRAPHS).flatMap(([shape, graph]) =>
    themes.map((theme) => ({
      name: theme === "light" ? `graph-${shape}` : `graph-${shape}-dark`,
      alt: describe(graph),
      png: rasterize(drawSvg(graph, theme)),
    })),
  );
}

function graphRow(): Row {
  const shots = graphs.map(({ name, alt }) => ({
    name,
    html: `<img src="${name}.png" alt="${escaped(alt)}" width="480" height="320">`,
  }));
  return { name: "graphs", about: "each shape that an alert has, in both themes", shots };
}

function formRow(): Row {
  const about = "what opens in Slack on Approve of a high risk";
  return { name: "form", about, shots: [{ name: "slack-form", html: slackFormLook(FORM) }] };
}

function docsShots(): string[] {
  const names = EXAMPLES.flatMap(({ name, isInDocs }) => (isInDocs ? [name] : []));
  return [...names.flatMap((name) => [`telegram-${name}`, `slack-${name}`]), "slack-form"];
}

async function shoot(names: readonly string[]): Promise<void> {
  const browser = await chromium.launch({
    executablePath: values.browser,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-lcd-text"],
  });
  try {
    const tab = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await tab.setContent(page);
    for (const name of names)
      await tab.locator(`[id="${name}"]`).screenshot({ path: join(out, `${name}.png`) });
  } finally {
    await browser.close();
  }
}

/** A third of the size; without pngquant they are as large as they are. */
function shrink(paths: readonly string[]): void {
  const { status } = spawnSync("pngquant", ["--force", "--ext", ".png", "32", "--", ...paths]);
  if (status !== 0) say("pngquant is missing: install it before you commit these pictures.");
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
