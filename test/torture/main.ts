import { parseArgs } from "node:util";
import { textOf } from "./outside.ts";
import { tortureSideBySide } from "./side-by-side.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    minutes: { type: "string", default: "600" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const rounds = Number(values.rounds);
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (![rounds, minutes, seed].every(Number.isSafeInteger) || rounds < 1 || minutes < 1) {
  throw new Error("--rounds, --minutes and --seed are whole numbers");
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const say = (line: string) => void process.stderr.write(`${line}\n`);
say(`seed ${seed}`);
const figures = await tortureSideBySide({ rounds, seed, say, withinMs: minutes * 60_000 });
const missed = [...figures.points].flatMap(([point, times]) => (times === 0 ? [point] : []));
say(`died at ${figures.points.size - missed.length} of ${figures.points.size} points`);
if (missed.length > 0) say(`never at: ${missed.join(", ")}`);
for (const line of figures.wrong) say(line);
process.stdout.write(`${textOf(figures)}\n`);
const { alertsLost, doubleExecutions, unapprovedExecutions, wrong } = figures;
process.exitCode = alertsLost + doubleExecutions + unapprovedExecutions + wrong.length > 0 ? 1 : 0;
