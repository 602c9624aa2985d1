import { Cron } from "croner";
import type { Logger } from "pino";
import type { Channel } from "./approval/approval.ts";
import type { Progress, Sight, Stage } from "./drill.ts";
import { drillAlert, lookAt } from "./drill.ts";
import type { Episode } from "./incident/alert.ts";
import { fingerprintOf } from "./incident/alert.ts";
import type { AlertGroup } from "./incident/alert-group.ts";
import { createTurns } from "./turns.ts";

const LOOK_EVERY_MS = 5_000;
/** Long enough for a card to be posted in the chats that are left, and for people to see it. */
const LIFE_MS = 5 * 60_000;
const SCHEDULED = "scheduled-";

interface Deps {
  /** When the fallbacks are tried, as a cron expression; null for never. */
  readonly cron: () => string | null;
  readonly accept: (groups: readonly AlertGroup[]) => Promise<unknown>;
  /** Drills that are not over. */
  readonly open: () => Promise<readonly Episode[]>;
  readonly progress: (incidentId: string) => Promise<Progress>;
  readonly chats: readonly Channel[];
  readonly hasModel: boolean;
  readonly announce: (text: string) => void;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  readonly now: () => Date;
}

/**
 * Tries the fallbacks when the policy says so: a drill without the model and without one of the chats, another one each
 * time. And ends every drill whose time is over, also those that nobody came back for.
 */
export function createDrills({ cron, accept, open, chats, now, log, ...deps }: Deps) {
  let lookedAt = now();

  async function look(): Promise<void> {
    const [since, at] = [lookedAt, now()];
    lookedAt = at;
    for (const drill of await open()) {
      if (drill.endsAt === null || drill.endsAt <= at) await end(drill);
    }
    const pattern = cron();
    const due = pattern === null ? null : new Cron(pattern).nextRun(since);
    if (due !== null && due <= at) await begin(at);
  }

  /** With nothing to do without, there is no fallback to try. */
  async function begin(at: Date): Promise<void> {
    const without = [...(deps.hasModel ? ["model"] : []), ...chatFor(at)];
    if (without.length === 0) return;
    const name = `${SCHEDULED}${at.toISOString().slice(0, 16)}`;
    const alert = drillAlert("service_down", { name, without });
    const endsAt = new Date(at.getTime() + LIFE_MS);
    log.info({ without }, "a drill of the fallbacks begins");
    const fingerprint = fingerprintOf(alert.labels);
    await accept([groupOf({ ...alert, fingerprint, status: "firing", startsAt: at, endsAt })]);
  }

  /** Another one every quarter. */
  function chatFor(at: Date): readonly Channel[] {
    const quarter = Math.floor((at.getUTCFullYear() * 12 + at.getUTCMonth()) / 3);
    const chat = chats[quarter % chats.length];
    return chat === undefined ? [] : [chat];
  }

  async function end(drill: Episode): Promise<void> {
    await accept([groupOf({ ...drill, status: "resolved", endsAt: now() })]);
    if (drill.labels.drill?.startsWith(SCHEDULED) === true) await report(drill);
  }

  async function report({ incidentId, labels }: Episode): Promise<void> {
    const without = labels.without?.split(",") ?? [];
    const stages: Stage[] = ["evidence", "diagnosis", "proposal"];
    stages.push(...chats.filter((chat) => !without.includes(chat)));
    const progress = await deps.progress(incidentId);
    const sights = stages.map((stage) => ({ stage, ...lookAt(stage, progress) }));
    const missed = sights.filter(({ state }) => state !== "seen");
    if (missed.length > 0)
      log.warn({ incident: incidentId, missed }, "a drill of the fallbacks failed");
    deps.announce(reportOf({ incidentId, without, sights, missed }));
  }

  function groupOf(
    alert: Pick<
      Episode,
      "fingerprint" | "labels" | "annotations" | "status" | "startsAt" | "endsAt"
    >,
  ): AlertGroup {
    const { fingerprint, labels, annotations, status, startsAt, endsAt } = alert;
    const about = { generatorUrl: null, extra: null };
    return {
      source: "drill",
      groupKey: null,
      receiver: null,
      groupLabels: {},
      externalUrl: null,
      truncatedAlerts: 0,
      trust: "none",
      receivedAt: now(),
      extra: null,
      alerts: [{ fingerprint, labels, annotations, status, startsAt, endsAt, ...about }],
    };
  }

  const { start, stop } = createTurns({
    everyMs: LOOK_EVERY_MS,
    turn: look,
    onFailure: (err) => log.error({ err }, "a drill could not be looked at"),
  });
  return { look, start, stop };
}

function reportOf({
  incidentId,
  without,
  sights,
  missed,
}: {
  incidentId: string;
  without: readonly string[];
  sights: readonly { stage: Stage }[];
  missed: readonly ({ stage: Stage } & Sight)[];
}): string {
  const what = `DRILL of the fallbacks, without ${without.join(" and ")} (${incidentId})`;
  if (missed.length === 0) {
    return `🧪 ${what}: passed. Seen: ${sights.map(({ stage }) => stage).join(", ")}.`;
  }
  const lacking = missed.map(({ stage, detail }) => `${stage}: ${detail}`).join("; ");
  return `⚠️ ${what} FAILED. ${lacking}.`;
}
