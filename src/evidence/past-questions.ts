import type { AskedAbout } from "../incident/alert.ts";
import type { Question } from "./collect.ts";
import type { Past, PastEpisode, PastRun } from "./past.ts";
import { MOST_ELSEWHERE } from "./past.ts";
import { ago, roughly } from "./tell.ts";

const DAY_MS = 86_400_000;
const SHOWN = 4;
const ELSEWHERE_DAYS = 30;

export interface PastStore {
  pastOf(alert: AskedAbout, elsewhereSince: Date): Promise<Past>;
  runsSince(since: Date, until: Date, limit: number): Promise<readonly PastRun[]>;
}

/** What the program's own history says: whether this was there before, what was done, and whether it helped. */
export function pastQuestions(store: PastStore, alert: AskedAbout, now: () => Date): Question[] {
  return [
    {
      kind: "change",
      title: "What Countersign ran in the last day",
      async ask() {
        const runs = await store.runsSince(
          new Date(alert.startsAt.getTime() - DAY_MS),
          now(),
          SHOWN + 1,
        );
        if (runs.length === 0) return null;
        return [
          ...runs.slice(0, SHOWN).map((run) => `${ago(run.at, alert.startsAt)}: ${runText(run)}`),
          ...(runs.length > SHOWN ? ["… and more"] : []),
        ].join("\n");
      },
    },
    {
      kind: "history",
      title: "Earlier incidents of the same kind",
      async ask() {
        const since = new Date(now().getTime() - ELSEWHERE_DAYS * DAY_MS);
        const past = await store.pastOf(alert, since);
        const { same, sameTotal, elsewhere } = past;
        const count = elsewhere === MOST_ELSEWHERE ? `${elsewhere} or more` : elsewhere;
        const others =
          elsewhere === 0 ? [] : [`${count} elsewhere in the last ${ELSEWHERE_DAYS} days`];
        if (sameTotal === 0) return others.length === 0 ? null : others.join("\n");
        return [
          `This alert fired ${sameTotal === 1 ? "once" : `${sameTotal} times`} before${helped(same)}.`,
          ...same.slice(0, SHOWN).map((one) => episodeText(one, alert.startsAt)),
          ...others,
        ].join("\n");
      },
    },
  ];
}

/** Of what was run, how often it helped; nothing where nothing was run. */
function helped(same: readonly PastEpisode[]): string {
  const actions = new Map<string, { runs: number; good: number }>();
  for (const { actionId, outcome } of same.flatMap(({ runs }) => runs)) {
    const known = actions.get(actionId) ?? { runs: 0, good: 0 };
    const good = known.good + (outcome === "verified" ? 1 : 0);
    actions.set(actionId, { runs: known.runs + 1, good });
  }
  const told = [...actions].map(([id, { runs, good }]) => `${id} helped ${good} of ${runs} times`);
  return told.length === 0 ? "" : `; ${told.join(", ")}`;
}

function episodeText({ startsAt, endsAt, runs }: PastEpisode, from: Date): string {
  const lasted =
    endsAt === null
      ? "its end was not seen"
      : `for ${roughly((endsAt.getTime() - startsAt.getTime()) / 1000)}`;
  const done = runs.length === 0 ? "nothing was run" : runs.map(runText).join("; ");
  return `${ago(startsAt, from)}, ${lasted}: ${done}`;
}

function runText({ actionId, runbookId, target, state, outcome }: PastRun): string {
  return `${actionId} of ${runbookId} on ${target}: ${outcome ?? state}`;
}
