import type { Alert, Labels } from "../incident/alert.ts";
import { findRule } from "./find-rule.ts";
import { createLimit, remember } from "./limit.ts";
import type { Wanted } from "./measure.ts";
import { measure } from "./measure.ts";
import type { Measurement } from "./measurement.ts";
import type { AlertRule, Prometheus } from "./prometheus.ts";
import type { Scope } from "./scope.ts";
import { isWide, scopesOf } from "./scope.ts";
import type { Metric } from "./signals.ts";
import { unitOf } from "./tell.ts";
import type { Frame } from "./windows.ts";
import { frameAround } from "./windows.ts";

const AT_ONCE = 8;
const KEPT_MS = 15_000;
const SCOPES_TRIED = 5;
/** Prometheus 3 knows others, which have to be written in another way that 2 does not know. */
const PLAIN_NAME = /^[a-zA-Z_:][\w:]*$/;

/** What has to be known before anything can be measured. */
export interface Ground {
  readonly rule: AlertRule | null;
  readonly frame: Frame;
  /** How far Prometheus' clock is ahead of ours. */
  readonly aheadMs: number;
}

/** The metrics that exist within one scope. */
export interface Surroundings {
  readonly scope: Scope;
  readonly metrics: readonly Metric[];
  /** For rates: four scrapes. */
  readonly range: string;
}

export type Asking = Pick<Prometheus, "query" | "queryRange" | "series">;

/** One alert's ground and surroundings, asked for once however many questions rest on them. */
export interface AroundAlert {
  readonly alert: Pick<Alert, "labels" | "startsAt">;
  readonly prometheus: Asking;
  ground(): Promise<Ground>;
  surroundings(): Promise<readonly Surroundings[]>;
  /** What has nothing to do with this alert: a storm of them measures it once. */
  measureForAll(wanted: Wanted, mostSeries: number): Promise<Measurement>;
}

/** Looks around alerts in Prometheus: so many questions at once, and what all alerts share is asked for once. */
export function createAround(source: Prometheus, now: () => Date) {
  const limited = createLimit(AT_ONCE);
  const prometheus: Asking = {
    query: (...args) => limited(() => source.query(...args)),
    queryRange: (...args) => limited(() => source.queryRange(...args)),
    series: (...args) => limited(() => source.series(...args)),
  };
  const rulesOf = remember(KEPT_MS, (name: string) => limited(() => source.alertRules(name)));
  const metadata = remember(KEPT_MS, (_: "all") => limited(source.metadata));
  const aheadOf = remember(KEPT_MS, async (_: "all") => {
    const asked = now().getTime();
    const told = await limited(source.time);
    // The question was under way for a part of the difference.
    return told.getTime() - (asked + now().getTime()) / 2;
  });

  const measured = remember(KEPT_MS, (key: string) => {
    const [wanted, frame, mostSeries] = JSON.parse(key) as [Wanted, Frame, number];
    return measure(prometheus, wanted, frame, mostSeries);
  });

  async function groundOf({ labels, startsAt }: AroundAlert["alert"]): Promise<Ground> {
    const [rules, aheadMs] = await Promise.all([rulesOf(labels.alertname ?? ""), aheadOf("all")]);
    const rule = findRule(rules, labels);
    const theirNow = new Date(now().getTime() + aheadMs);
    const frame = frameAround(startsAt, { forMs: rule?.forMs ?? 0, now: theirNow });
    return { rule, frame, aheadMs };
  }

  /** The narrowest scope that holds anything, and the machine around it. */
  async function surroundingsOf(labels: Labels, { frame }: Ground): Promise<Surroundings[]> {
    const at = new Date(frame.now.toMs);
    const seconds = Math.ceil((frame.now.toMs - frame.now.fromMs) / 1000) + 60;
    const filledOf = async (some: readonly Scope[]) => {
      const looked = some.slice(0, SCOPES_TRIED).map(async (scope) => {
        // Within the window, not at its end: what is down has no series now.
        const there = `last_over_time({${scope.selector}}[${seconds}s])`;
        return { scope, samples: await prometheus.query(`count by (__name__) (${there})`, at) };
      });
      return (await Promise.all(looked)).filter(({ samples }) => samples.length > 0);
    };
    const scopes = scopesOf(labels);
    const [known, near] = await Promise.all([metadata("all"), filledOf(scopes.near)]);
    const filled = near.length > 0 ? near : await filledOf(scopes.else);
    const parts = new Set([filled[0], filled.find(({ scope }) => isWide(scope))]);
    const seen = new Set<string>();
    const named = [...parts]
      .filter((part) => part !== undefined)
      .map(({ scope, samples }) => ({
        scope,
        metrics: samples.flatMap(({ labels: { __name__: name = "" }, value: count }) => {
          if (seen.has(name) || !PLAIN_NAME.test(name)) return [];
          seen.add(name);
          const told = known.get(name) ?? known.get(name.replace(/_(?:bucket|sum|count)$/, ""));
          return [{ name, count, type: told?.type ?? null, unit: told?.unit || unitOf(name) }];
        }),
      }));
    return await Promise.all(
      named.map(async (part) => ({ ...part, range: await rangeFor(part.scope, at) })),
    );
  }

  /** With fewer than four scrapes, one that fails leaves a hole. */
  async function rangeFor({ selector }: Scope, at: Date): Promise<string> {
    const [scrapes] = await prometheus.query(`max(count_over_time(up{${selector}}[10m]))`, at);
    const everySeconds = scrapes === undefined || scrapes.value < 2 ? 60 : 600 / scrapes.value;
    return `${Math.max(60, Math.ceil((4 * everySeconds) / 60) * 60)}s`;
  }

  return function around(alert: AroundAlert["alert"]): AroundAlert {
    const ground = once(() => groundOf(alert));
    const surroundings = once(async () => await surroundingsOf(alert.labels, await ground()));
    const measureForAll = async (wanted: Wanted, mostSeries: number) =>
      await measured(JSON.stringify([wanted, (await ground()).frame, mostSeries]));
    return { alert, prometheus, ground, surroundings, measureForAll };
  };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
