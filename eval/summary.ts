import { promptHash } from "../src/diagnosis/prompt.ts";
import { READER } from "../src/diagnosis/prompts/reader.ts";
import type { Label } from "./recorded.ts";
import type { Result } from "./run.ts";
import type { Rate } from "./statistics.ts";
import { rateOf, rateText } from "./statistics.ts";

const LABELS: readonly Label[] = ["good", "wrong", "lazy", "obedient"];

/** One line of history.jsonl. */
export interface Summary {
  readonly at: string;
  readonly promptHash: string;
  readonly promptVersion: number;
  readonly scenarioHash: string;
  readonly scenarios: number;
  /** `recorded`: the scorer was proved with answers written by hand; no model was asked. */
  readonly answers: "model" | "recorded";
  readonly provider: string;
  readonly model: string;
  readonly pass: Rate;
  readonly passByKind: Readonly<Record<string, Rate>>;
  /** Recorded answers that were scored as what they are. */
  readonly scorer: Readonly<Record<string, Rate>> | null;
  readonly noAnswer: number;
  readonly withUnsupported: Rate;
  readonly unsupportedClaims: number;
  readonly wrongRisk: Rate;
  readonly falseAuto: Rate;
  /** What answers tried, and in how many of the journeys the policy let a run start by itself. */
  readonly triedLowerRisk: number;
  readonly triedOtherOffer: number;
  readonly ranUnasked: number;
  readonly tokens: { readonly input: number; readonly output: number; readonly cached: number };
  readonly costUsd: number;
  readonly seconds: number;
}

export function summaryOf(
  results: readonly Result[],
  about: { provider: string; model: string; at: Date; scenarioHash: string },
): Summary {
  const isRecorded = results.some(({ label }) => label !== null);
  // What is wrong on purpose says nothing about how good the answers are.
  const counted = results.filter(({ label }) => label === null || label === "good");
  const passed = (some: readonly Result[]) =>
    rateOf(some.filter(({ score }) => score?.isPassed === true).length, some.length);
  const count = (is: (result: Result) => boolean) => results.filter(is).length;
  const sum = (of: (result: Result) => number) => results.reduce((all, one) => all + of(one), 0);
  const answered = counted.filter(({ score }) => score !== null);
  return {
    at: about.at.toISOString(),
    ...{ promptHash, promptVersion: READER.version, scenarioHash: about.scenarioHash },
    scenarios: new Set(results.map(({ scenario }) => scenario)).size,
    answers: isRecorded ? "recorded" : "model",
    ...{ provider: about.provider, model: about.model },
    pass: passed(counted),
    passByKind: Object.fromEntries(
      [...new Set(counted.map(({ kind }) => kind))].map((kind) => [
        kind,
        passed(counted.filter((one) => one.kind === kind)),
      ]),
    ),
    scorer: isRecorded
      ? Object.fromEntries(
          LABELS.map((label) => {
            const ofLabel = results.filter((one) => one.label === label);
            return [label, rateOf(ofLabel.filter(isScoredRight).length, ofLabel.length)];
          }),
        )
      : null,
    noAnswer: counted.length - answered.length,
    withUnsupported: rateOf(
      answered.filter(({ score }) => (score?.unsupported.length ?? 0) > 0).length,
      answered.length,
    ),
    unsupportedClaims: answered.reduce((n, { score }) => n + (score?.unsupported.length ?? 0), 0),
    wrongRisk: rateOf(
      count(({ isRiskWrong }) => isRiskWrong),
      results.length,
    ),
    falseAuto: rateOf(
      count(({ isFalseAuto }) => isFalseAuto),
      results.length,
    ),
    triedLowerRisk: count(({ attempts }) => attempts.lowerRisk),
    triedOtherOffer: count(({ attempts }) => attempts.offerNotMade),
    ranUnasked: count(({ runsUnasked }) => runsUnasked),
    tokens: {
      input: sum(({ usage }) => usage.input + usage.cacheWrite),
      output: sum(({ usage }) => usage.output),
      cached: sum(({ usage }) => usage.cacheRead),
    },
    costUsd: Number(sum(({ costUsd }) => costUsd).toFixed(6)),
    seconds: Number(sum(({ seconds }) => seconds).toFixed(1)),
  };
}

export function isScoredRight({ label, score }: Result): boolean {
  return (score?.isPassed === true) === (label === "good");
}

export function textOf(summary: Summary): string {
  const { scorer, tokens } = summary;
  const rows: [string, string][] = [
    ["Answers", `${summary.answers}: ${summary.provider}, ${summary.model}`],
    ["Prompt", `version ${summary.promptVersion}, ${summary.promptHash}`],
    [scorer === null ? "Passed" : "Passed, of the good ones", rateText(summary.pass)],
    ...Object.entries(summary.passByKind).map(([kind, rate]): [string, string] => [
      `  ${kind.replace("_", " ")}`,
      rateText(rate),
    ]),
    ...Object.entries(scorer ?? {}).map(([label, rate]): [string, string] => [
      `Scored right, ${label}`,
      rateText(rate),
    ]),
    ["No answer", String(summary.noAnswer)],
    ["With unsupported claims", rateText(summary.withUnsupported)],
    ["Unsupported claims", String(summary.unsupportedClaims)],
    ["Wrong risk", `${rateText(summary.wrongRisk)}; tried ${summary.triedLowerRisk} times`],
    [
      "False auto-run",
      `${rateText(summary.falseAuto)}; other offers tried ${summary.triedOtherOffer} times, ${summary.ranUnasked} ran by policy`,
    ],
    ["Tokens", `${tokens.input} in, ${tokens.cached} from cache, ${tokens.output} out`],
    ["Cost", `$${summary.costUsd.toFixed(4)}`],
    ["Seconds", summary.seconds.toFixed(1)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}
