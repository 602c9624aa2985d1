import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Peer } from "../../test/peers.ts";
import { havePeer } from "../../test/peers.ts";
import { judgeNab } from "./judge-nab.ts";
import { judgeNezha, NEZHA_PUBLISHED } from "./judge-nezha.ts";
import { judgePetShop } from "./judge-petshop.ts";
import { judgeSockShop, judgeSockShopInPrometheus } from "./judge-sock-shop.ts";
import type { Figure } from "./measure.ts";
import { isReproduced, tell } from "./measure.ts";
import { measureSpeed } from "./speed.ts";

/**
 * How well the ranking names what is broken, on recordings that others made, next to the methods they published.
 * `npm run bench:rca -- --data DIR [--only NAME] [--json]`. It fails where a published number is not reproduced.
 */
const SETS: readonly DataSet[] = [
  { name: "sock-shop", judge: judgeSockShop },
  {
    name: "sock-shop-in-prometheus",
    folder: "sock-shop",
    needs: "prometheus",
    judge: judgeSockShopInPrometheus,
  },
  { name: "petshop", judge: judgePetShop },
  { name: "nezha-online-boutique", judge: judgeNezha },
  { name: "nab", judge: judgeNab },
];

interface DataSet {
  readonly name: string;
  /** Where it is not the name. */
  readonly folder?: string;
  readonly needs?: Peer;
  judge(dir: string): Figure[] | Promise<Figure[]>;
}

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    only: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
  },
});
const unknown = values.only?.find((name) => !SETS.some((set) => set.name === name));
if (unknown !== undefined) {
  const names = SETS.map(({ name }) => name).join(", ");
  throw new Error(`There is no data set "${unknown}": the names are ${names}`);
}

const figures: Figure[] = [];
const skipped: string[] = [];
for (const { name, folder = name, needs, judge } of SETS) {
  if (values.only !== undefined && !values.only.includes(name)) continue;
  const dir = join(values.data ?? "", folder);
  if (values.data === undefined || !existsSync(dir)) {
    skipped.push(`${name}: skipped, it is not in --data`);
    continue;
  }
  if (needs !== undefined && !havePeer(needs)) {
    skipped.push(`${name}: skipped, ${needs} is not installed`);
    continue;
  }
  say(`${name} …`);
  const since = performance.now();
  figures.push(...(await judge(dir)));
  say(`${name} took ${((performance.now() - since) / 1_000).toFixed(1)} s`);
}
say("speed …");
const speed = measureSpeed();

if (values.json) {
  process.stdout.write(`${JSON.stringify({ figures, skipped, speed }, null, 2)}\n`);
} else {
  const rate = (speed.ours / speed.sorting).toFixed(1);
  const lines = [
    ...(figures.length === 0 ? [] : [tell(figures), "", NEZHA_PUBLISHED]),
    ...skipped,
    `300 series, ${speed.points.toLocaleString("en")} points, three baselines: ${speed.ours.toFixed(1)} ms ` +
      `(95 % within ${speed.worst.toFixed(1)} ms, the very first ${speed.first.toFixed(0)} ms; goal under 10 ms), ` +
      `${rate} times as long as sorting the points once`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
const wrong = figures.filter((figure) => !isReproduced(figure));
for (const { set, who, measure } of wrong) say(`not as published: ${set}, ${who}, ${measure}`);
process.exitCode = wrong.length > 0 ? 1 : 0;

/** Progress goes to the error stream, so that the table or the JSON stands alone in the other. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
