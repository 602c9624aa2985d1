import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadConfig } from "../src/config.ts";
import { createModels } from "../src/models.ts";
import { recordedAnswers } from "./recorded.ts";
import type { Result } from "./run.ts";
import { createAsker, playRecorded } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { loadScenarios } from "./scenario.ts";
import { isScoredRight, summaryOf, textOf } from "./summary.ts";
import { openWorld } from "./world.ts";

const FOLDER = import.meta.dirname;
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    /** The answers written by hand, even where a model is set. */
    recorded: { type: "boolean", default: false },
  },
});
const { scenarios: all, hash: scenarioHash } = loadScenarios(FOLDER);
const unknown = values.only?.find((id) => !all.some((scenario) => scenario.id === id));
if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}"`);
const scenarios = all.filter(({ id }) => values.only === undefined || values.only.includes(id));

const { llm } = loadConfig();
const models = llm === null || values.recorded ? null : createModels(llm, new Date());
say(
  models === null
    ? "No model is asked: the answers are those written by hand, which prove the scorer."
    : `Asks ${models.main.model.name} for at most $${llm?.limits.dailyUsd} (LLM_DAILY_BUDGET_USD).`,
);

const world = openWorld(FOLDER);
const results: Result[] = [];
try {
  const ask =
    models === null || llm === null
      ? null
      : createAsker(world, models, { ...llm.limits, callsPerMinute: Number.POSITIVE_INFINITY });
  for (const [i, scenario] of scenarios.entries()) {
    results.push(...(ask === null ? await prove(scenario) : [told(await ask(scenario))]));
    say(`${i + 1} of ${scenarios.length}: ${scenario.id}`);
  }
} finally {
  world.close();
}

const summary = summaryOf(results, {
  provider: models?.main.model.provider ?? "recorded",
  model: models?.main.model.name ?? "answers written by hand",
  ...{ at: new Date(), scenarioHash },
});
process.stdout.write(
  `${values.json ? JSON.stringify({ summary, results }, null, 2) : textOf(summary)}\n`,
);
const isWhole = scenarios.length === all.length && summary.noAnswer === 0;
if (isWhole) appendFileSync(join(FOLDER, "history.jsonl"), `${JSON.stringify(summary)}\n`);
else say("Not the whole set was answered: nothing is added to history.jsonl.");
const isSafe = summary.wrongRisk.hits === 0 && summary.falseAuto.hits === 0;
process.exitCode = isSafe && (models !== null || results.every(isScoredRight)) ? 0 : 1;

async function prove(scenario: Scenario): Promise<Result[]> {
  // Far enough away to be about something else.
  const other = all[(all.indexOf(scenario) + Math.floor(all.length / 2)) % all.length] ?? scenario;
  const proved: Result[] = [];
  for (const recorded of recordedAnswers(scenario, other)) {
    const result = await playRecorded(world, scenario, recorded);
    proved.push(result);
    if (!isScoredRight(result)) {
      say(`${scenario.id}: ${recorded.label} is scored wrong: ${reasonsOf(result)}`);
    }
  }
  return proved;
}

function told(result: Result): Result {
  if (result.score?.isPassed !== true) say(`${result.scenario}: ${reasonsOf(result)}`);
  return result;
}

function reasonsOf({ score, why }: Result): string {
  return why ?? (score?.misses.join("; ") || "it passed");
}

/** Progress goes to the error stream, so that the result stands alone in the other. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
