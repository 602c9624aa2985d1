import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { isBuilt } from "./contenders.ts";
import { evidence } from "./evidence.ts";
import { firstCard } from "./first-card.ts";
import { footprint } from "./footprint.ts";
import { graphs } from "./graphs.ts";
import { growth } from "./growth.ts";
import { intake } from "./intake.ts";
import { pages } from "./pages.ts";
import { PROFILES, profile } from "./profile.ts";
import type { Bench } from "./result.ts";
import { tableOf } from "./result.ts";
import { startUp } from "./start-up.ts";
import { storm } from "./storm.ts";
import { tap } from "./tap.ts";
import { webhooks } from "./webhooks.ts";
import { years } from "./years.ts";

const BENCHES: readonly Bench[] = [
  intake,
  webhooks,
  firstCard,
  tap,
  storm,
  evidence,
  graphs,
  startUp,
  footprint,
  pages,
  years,
  growth,
];

const PROFILES_INTO = "profiles";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    profile: { type: "boolean", default: false },
  },
});
if (!isBuilt()) throw new Error("dist/main.js is missing: run npm run build first");
const names = values.profile ? PROFILES : BENCHES.map(({ name }) => name);
const unknown = values.only?.find((name) => !names.includes(name));
if (unknown !== undefined) {
  throw new Error(`There is no benchmark "${unknown}": the names are ${names.join(", ")}`);
}
if (values.profile) {
  for (const name of values.only ?? PROFILES) {
    process.stdout.write(`${await profile(name, PROFILES_INTO)}\n\n`);
  }
  process.exit();
}

const loadBefore = load();
const since = performance.now();
const results = [];
for (const bench of BENCHES) {
  if (values.only !== undefined && !values.only.includes(bench.name)) continue;
  say(`${bench.name} …`);
  const began = performance.now();
  results.push({ name: bench.name, ...(await bench.run({ quick: values.quick })) });
  say(`${bench.name} took ${seconds(began)}`);
}

const machine = describeMachine();
const took = seconds(since);
process.stdout.write(
  values.json
    ? `${JSON.stringify({ machine, took, results }, null, 2)}\n`
    : `${Object.values(machine).join(", ")}; ${took}\n\n${tableOf(results.flatMap(({ rows }) => rows))}\n`,
);

function describeMachine() {
  const system = /^PRETTY_NAME="(?<name>.+)"$/m.exec(readFileSync("/etc/os-release", "utf8"));
  return {
    processor: `${cpus().length} cores ${cpus()[0]?.model ?? arch()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${system?.groups?.name ?? "Linux"}, kernel ${release()}`,
    node: `Node ${process.version}`,
    // Beyond what the benchmarks themselves cause, this is somebody else's work: distrust such a run.
    load: `load ${loadBefore} before, ${load()} after`,
  };
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

function seconds(from: number): string {
  return `${Math.round((performance.now() - from) / 1000)} s`;
}

/** Progress goes to the error stream, so that the table or the JSON stands alone in the other. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
