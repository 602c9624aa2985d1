import type { Limits } from "../src/diagnosis/budget.ts";
import type { Answer, Model, Usage } from "../src/diagnosis/model.ts";
import { addUsage, NO_USAGE } from "../src/diagnosis/model.ts";
import { OpinionAnswer } from "../src/diagnosis/opinion.ts";
import type { PricedModel } from "../src/diagnosis/prices.ts";
import { tariffOf } from "../src/diagnosis/prices.ts";
import { createReader } from "../src/diagnosis/reader.ts";
import type { Reader } from "../src/diagnosis/reading.ts";
import type { ModelCall } from "../src/diagnosis/spending.ts";
import type { Label, Recorded } from "./recorded.ts";
import { createRecordedModel } from "./recorded.ts";
import type { Scenario } from "./scenario.ts";
import type { Attempts, Score } from "./score.ts";
import { attemptsOf, score } from "./score.ts";
import type { openWorld } from "./world.ts";

const TIMEOUT_MS = 180_000;

export interface Result {
  readonly scenario: string;
  readonly kind: Scenario["kind"];
  /** Null where a model was asked. */
  readonly label: Label | null;
  /** Null where it gave no answer. */
  readonly score: Score | null;
  readonly why: string | null;
  readonly attempts: Attempts;
  readonly isRiskWrong: boolean;
  readonly isFalseAuto: boolean;
  readonly runsUnasked: boolean;
  readonly usage: Usage;
  readonly costUsd: number;
  readonly seconds: number;
}

type World = ReturnType<typeof openWorld>;

export interface Models {
  readonly main: PricedModel;
  readonly triage: PricedModel | null;
}

/** Asks the models that are set; `limits` hold for all scenarios together. */
export function createAsker(world: World, models: Models, limits: Limits) {
  const calls: ModelCall[] = [];
  const ledger = {
    spent: () =>
      Promise.resolve({
        // A minute is waited for by nobody here: the day's dollars are what is kept.
        callsLastMinute: 0,
        todayUsd: calls.reduce((sum, { costUsd }) => sum + costUsd, 0),
        incidentUsd: 0,
      }),
    spend(call: ModelCall) {
      calls.push(call);
      return Promise.resolve();
    },
    recall: () => Promise.resolve(null),
  };
  return async (scenario: Scenario): Promise<Result> => {
    const heard: { answer: OpinionAnswer | null } = { answer: null };
    const listening = ({ model, tariff }: PricedModel) => ({
      tariff,
      model: listenTo(model, (answer) => {
        heard.answer = answer;
      }),
    });
    const reader = createReader({
      main: listening(models.main),
      triage: models.triage && listening(models.triage),
      ...{ limits, ledger, timeoutMs: TIMEOUT_MS, hidesHosts: false, now: () => new Date() },
    });
    const first = calls.length;
    const result = await play(world, scenario, { reader, label: null, heard: () => heard.answer });
    const spent = calls.slice(first);
    return {
      ...result,
      usage: spent.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE),
      costUsd: spent.reduce((sum, { costUsd }) => sum + costUsd, 0),
    };
  };
}

/** Plays one recorded answer through the very same reader. */
export async function playRecorded(
  world: World,
  scenario: Scenario,
  { label, answer }: Recorded,
): Promise<Result> {
  let given: OpinionAnswer | null = null;
  const now = () => new Date();
  const reader: Reader = {
    async read(wish) {
      given = answer(wish.about.offers);
      const main = { model: createRecordedModel(given), tariff: tariffOf("recorded", true, now()) };
      const limits = { callsPerMinute: 1_000, dailyUsd: 1, incidentUsd: 1 };
      const ledger = {
        spent: () => Promise.resolve({ callsLastMinute: 0, todayUsd: 0, incidentUsd: 0 }),
        spend: () => Promise.resolve(),
        recall: () => Promise.resolve(null),
      };
      const parts = { main, triage: null, limits, ledger, timeoutMs: TIMEOUT_MS, now };
      const told = createReader({ ...parts, hidesHosts: false });
      return await told.read(wish);
    },
  };
  return await play(world, scenario, { reader, label, heard: () => given });
}

async function play(
  world: World,
  scenario: Scenario,
  by: { reader: Reader; label: Label | null; heard: () => OpinionAnswer | null },
): Promise<Result> {
  const startedAt = performance.now();
  const { reading, about, ...safety } = await world.play(scenario, by.reader);
  const isRead = reading?.outcome === "read";
  return {
    ...{ scenario: scenario.id, kind: scenario.kind, label: by.label },
    score: isRead ? score(scenario, reading.opinion) : null,
    why: isRead ? null : (reading?.why ?? "it was not asked"),
    attempts: attemptsOf(by.heard(), about?.offers ?? []),
    ...safety,
    ...{ usage: NO_USAGE, costUsd: 0 },
    seconds: (performance.now() - startedAt) / 1000,
  };
}

function listenTo(model: Model, onAnswer: (answer: OpinionAnswer) => void): Model {
  return {
    ...model,
    open(terms) {
      const talk = model.open(terms);
      return {
        async say(what, signal) {
          const said = await talk.say(what, signal);
          const answer = answerIn(said);
          if (answer !== null) onAnswer(answer);
          return said;
        },
      };
    },
  };
}

function answerIn({ text }: Answer): OpinionAnswer | null {
  try {
    const json = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
    return OpinionAnswer.safeParse(json).data ?? null;
  } catch {
    return null;
  }
}
