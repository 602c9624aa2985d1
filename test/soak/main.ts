import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (![minutes, seed].every(Number.isSafeInteger) || minutes < 1) {
  throw new Error("--minutes and --seed are whole numbers");
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const say = (line: string) => void process.stderr.write(`${line}\n`);
say(`seed ${seed}`);
const { wrong, faults, memory, ...figures } = await soak({ minutes, seed, say });
const broken = Object.entries(faults).map(([part, times]) => `${part} ${times}`);
const lines = [
  `minutes: ${minutes}`,
  `faults: ${broken.join(", ")}`,
  `alerts sent: ${figures.alertsSent}`,
  `alerts lost: ${figures.alertsLost}`,
  `executions: ${figures.executions}`,
  `double executions: ${figures.doubleExecutions}`,
  `unapproved executions: ${figures.unapprovedExecutions}`,
  `records verified: ${figures.recordsVerified}`,
  `memory: ${memory.early.toFixed(0)} MiB early, ${memory.late.toFixed(0)} MiB late, ${memory.perHour.toFixed(1)} MiB an hour`,
];
for (const line of wrong) say(line);
process.stdout.write(`${lines.join("\n")}\n`);
const { alertsLost, doubleExecutions, unapprovedExecutions } = figures;
process.exitCode = alertsLost + doubleExecutions + unapprovedExecutions + wrong.length > 0 ? 1 : 0;
