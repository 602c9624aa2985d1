import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { classifyText } from "../src/remediation/classify.ts";
import { wilson } from "./stats.ts";

/**
 * How the command classifier does on lists that others collected: every attack must be rated above
 * low, and nearly every look must be low. `npm run bench:safety -- --data DIR [--misses] [--json]`.
 */
const Gtfobin = z.object({ code: z.string() }).transform(({ code }) => code);
const Plain = z.object({ command: z.string() }).transform(({ command }) => command);
const Step = z
  .object({ command: z.string(), args: z.record(z.string(), z.unknown()).default({}) })
  .transform(({ command, args }) =>
    command.replace(/#\{([\w.-]+)\}/g, (all, name: string) => String(args[name] ?? all)),
  );

const SETS = [
  { name: "GTFOBins", file: "gtfobins.jsonl", row: Gtfobin, wants: "not low", goal: 1 },
  { name: "bypass forms", file: "bypass_cases.jsonl", row: Plain, wants: "not low", goal: 1 },
  { name: "attack steps", file: "atomic_linux.jsonl", row: Step, wants: "not low", goal: 1 },
  { name: "read-only commands", file: "tldr_readonly.jsonl", row: Plain, wants: "low", goal: 0.95 },
] as const;

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    misses: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const results = SETS.map(({ name, file, row, wants, goal }) => {
  const path = join(values.data ?? "", file);
  if (values.data === undefined || !existsSync(path)) return { name, wants, skipped: file };
  const commands = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => row.parse(JSON.parse(line)));
  const rated = commands.map((command) => ({ command, ...classifyText(command) }));
  const misses = rated.filter(({ verdict }) => (verdict === "low") !== (wants === "low"));
  const right = rated.length - misses.length;
  return {
    name,
    wants,
    goal,
    right,
    of: rated.length,
    interval: wilson(right, rated.length),
    misses,
  };
});

process.stdout.write(
  values.json
    ? `${JSON.stringify(results, null, 2)}\n`
    : `${results.map((result) => lineOf(result)).join("\n")}\n`,
);

function lineOf(result: (typeof results)[number]): string {
  if ("skipped" in result) {
    return `${result.name}: skipped, ${result.skipped} is not in --data`;
  }
  const { name, wants, goal, right, of, interval, misses } = result;
  const [from, to] = interval.map(percent);
  const head = `${name}: ${right} of ${of} ${wants}, ${percent(right / of)} (95 %: ${from} to ${to}; goal ${percent(goal)})`;
  const lines = misses.map(
    ({ command, verdict, reason }) => `  ${JSON.stringify(command)}: ${verdict}, ${reason}`,
  );
  return [head, ...(values.misses ? lines : [])].join("\n");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
