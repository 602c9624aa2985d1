import { resolve } from "node:path";
import type { Backtest, Compared, Counts, Result } from "../backtest.ts";
import { backtestGroups, backtestHistory, OUTCOMES } from "../backtest.ts";
import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import type { Executor } from "../execution/execution.ts";
import { createExecutors, openCatalogue } from "../executors.ts";
import { parseDuration } from "../remediation/duration.ts";
import type { Rules } from "../replay.ts";
import { readBodies } from "./bodies.ts";
import type { CliCommand, Options } from "./command.ts";
import { CommandFailed, UsageError } from "./command.ts";
import { openToRead } from "./open.ts";
import { print } from "./output.ts";

const FAILURES: Record<string, (compared: Compared) => boolean> = {
  auto: ({ would, was }) => would.outcome === "run" && was?.outcome !== "run",
  refused: ({ would, was }) =>
    ["refuse", "nothing", "ignored"].includes(would.outcome) &&
    ["run", "ask"].includes(was?.outcome ?? ""),
  any: ({ isDifferent }) => isDifferent,
};

export const backtest: CliCommand = {
  name: "backtest",
  usage:
    "backtest [FOLDER] [--runbooks DIR] [--against DIR] [--since 30d] [--autohealing on|off] [--fail-on auto|refused|any]… [--all] [--json]",
  details: `Lets the alerts of the stored history, or webhook bodies in FOLDER (one a file, *.json), come once
more under the runbooks and the policy in a folder, and says what would have run by itself, asked,
been refused or ignored, and how that differs from what happened. It reads only, also beside a running program.

  --runbooks DIR       the rules to try; RUNBOOKS_DIR where nothing is said
  --against DIR        compare with these rules instead of with what happened
  --since 30d          how much of the history
  --autohealing on     as if it had been on (or off); else as it was, and on for FOLDER
  --fail-on auto       exit code 1 where something would run by itself that did not
  --fail-on refused    … where something would be refused or ignored that was not
  --fail-on any        … where anything differs
  --all                list every alert, not only those that differ

What was looked at then counts as it was found then. Where nobody looked, preconditions hold and fixes help.`,
  summary: "Replays past alerts against runbooks and policy: what would run, ask or be refused",
  options: {
    runbooks: { type: "string" },
    against: { type: "string" },
    since: { type: "string", default: "30d" },
    autohealing: { type: "string" },
    "fail-on": { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    json: { type: "boolean" },
  },
  maxWords: 1,
  async run({ words: [folder], options }) {
    const failures = failuresOf(options, folder);
    const found = await test(loadConfig(), folder, options);
    const failed = failures.filter((name) => found.alerts.some((one) => FAILURES[name]?.(one)));
    print({ ok: failed.length === 0, failed, ...found }, options.json === true, () =>
      textOf(found, { all: options.all === true, failed }),
    );
    return failed.length === 0;
  },
};

function failuresOf(options: Options, folder: string | undefined): string[] {
  const names = options["fail-on"] as string[];
  const unknown = names.find((name) => !Object.hasOwn(FAILURES, name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--fail-on is one of ${Object.keys(FAILURES).join(", ")}, not "${unknown}"`,
    );
  }
  if (names.length > 0 && folder !== undefined && options.against === undefined) {
    throw new UsageError("--fail-on compares: with bodies in a folder it takes --against DIR, too");
  }
  return names;
}

async function test(
  config: Config,
  folder: string | undefined,
  options: Options,
): Promise<Backtest> {
  const sinceMs = parseDuration(String(options.since));
  if (sinceMs === null) throw new UsageError("--since takes a duration such as 12h or 30d");
  const { autohealing: word } = options;
  if (word !== undefined && word !== "on" && word !== "off") {
    throw new UsageError(`--autohealing is on or off, not "${String(word)}"`);
  }
  const executors = createExecutors(config);
  const rules = rulesIn(config, executors, options.runbooks);
  const against =
    options.against === undefined ? null : rulesIn(config, executors, options.against);
  const { dedupWindowMs } = config;
  if (folder !== undefined) {
    const about = { rules, against, hasSource: true, dedupWindowMs };
    return await backtestGroups(readBodies(folder), { ...about, autohealing: word !== "off" });
  }
  const store = openToRead(config);
  try {
    return await backtestHistory(store.bygone, {
      ...{ rules, against, dedupWindowMs },
      hasSource: config.alertmanager !== null,
      since: new Date(Date.now() - sinceMs),
      autohealing: word === undefined ? null : word === "on",
    });
  } finally {
    store.close();
  }
}

/** Rules with a mistake would ask for everything: that is no answer to what they would do. */
function rulesIn(
  config: Config,
  executors: ReadonlyMap<string, Executor>,
  given: Options[string],
): Rules {
  const runbooksDir = typeof given === "string" ? resolve(given) : config.runbooksDir;
  const whitelist = openCatalogue({ ...config, runbooksDir }, executors).read();
  if (whitelist.problems.length > 0) {
    const lines = whitelist.problems.map(
      ({ file, line, message }) => `${file}:${line}: ${message}`,
    );
    throw new CommandFailed(lines.join("\n"));
  }
  return { whitelist, executors };
}

function textOf(found: Backtest, { all, failed }: { all: boolean; failed: readonly string[] }) {
  const shown = found.alerts.filter(({ isDifferent }) => all || isDifferent || found.was === null);
  const changes = Object.entries(found.changes).map(([name, count]) => `${count} ${name}`);
  return [
    ...shown.map(lineOf),
    ...(shown.length > 0 ? [""] : []),
    `${found.alerts.length} alerts. Would: ${countText(found.would)}.`,
    ...(found.was === null ? [] : [`Was:   ${countText(found.was)}.`]),
    ...(found.was === null
      ? []
      : [changes.length === 0 ? "Nothing differs." : `Differs: ${changes.join(", ")}.`]),
    ...found.runs.map(
      ({ action, target, count }) => `By itself: ${action} on ${target}, ${count} times`,
    ),
    ...(failed.length === 0 ? [] : [`Failed: --fail-on ${failed.join(", ")}`]),
  ].join("\n");
}

function lineOf({ at, alert, where, would, was, isDifferent }: Compared): string {
  const time = at.toISOString().slice(0, 16).replace("T", " ");
  const from = was === null || !isDifferent ? "" : `${resultText(was)} -> `;
  return `${time}  ${alert} ${where}: ${from}${resultText(would)}`;
}

function resultText({ to, ...result }: Result): string {
  return `${fateText(result)}${to == null ? "" : `, told to ${to.join(", ")}`}`;
}

function fateText({ outcome, action, target, reasons }: Result): string {
  if (action === null) return outcome;
  const where = target === null ? "" : ` on ${target}`;
  const why = outcome === "run" ? "" : ` (${reasons.map(({ rule }) => rule).join(", ")})`;
  return `${outcome} ${action}${where}${why}`;
}

function countText(counts: Counts): string {
  return OUTCOMES.map((outcome) => `${counts[outcome]} ${outcome}`).join(", ");
}
