import type { EvidenceItem } from "./evidence/evidence.ts";
import type { Pushgateway } from "./evidence/pushgateway.ts";
import { rankMeasured } from "./evidence/rank-measured.ts";
import { redact } from "./evidence/redact.ts";
import type { Incident } from "./incident/incident.ts";
import type { Store } from "./store/store.ts";
import { createTurns } from "./turns.ts";

const TURN_MS = 15_000;
/** A storm is one thing: the newest incidents have a score, the others would say the same. */
const MOST_INCIDENTS = 50;

interface Deps {
  readonly views: Pick<Store["views"], "openAlerts" | "incidentAlone" | "incident">;
  readonly gateway: Pick<Pushgateway, "push" | "remove" | "pushed"> | null;
  /** The largest of them; 0 where none is open. */
  readonly gauge: (score: number) => void;
  readonly log: { warn(fields: object, message: string): void };
}

interface Rated {
  readonly incident: Incident;
  /** Null where nothing was measured, or not yet. */
  readonly score: number | null;
}

/** How far what was measured around an alert left its past, where 1 is what stands out. */
export function scoreOf(evidence: readonly EvidenceItem[]): number | null {
  const measured = evidence.flatMap(({ measurements = [] }) =>
    measurements.length === 0 ? [] : [rankMeasured(measurements).score],
  );
  return measured.length === 0 ? null : Math.max(...measured);
}

/**
 * The anomaly scores of open incidents, for whoever draws or alerts on them. Beside the journey: what fails here is tried
 * again at the next turn and holds up nothing.
 */
export function createScores({ views, gateway, gauge, log }: Deps) {
  let rated = new Map<string, Rated>();
  const pushed = new Map<string, number>();

  async function turn(): Promise<void> {
    const open = new Set((await views.openAlerts(null)).map(({ incidentId }) => incidentId));
    const all = await Promise.all([...open].slice(0, MOST_INCIDENTS).map(rate));
    rated = new Map(all.flatMap((one) => (one === null ? [] : [[one.incident.id, one]])));
    gauge(Math.max(0, ...[...rated.values()].map(({ score }) => score ?? 0)));
    if (gateway !== null) await keepUp(gateway);
  }

  /** Evidence is much to read: only where something has changed. */
  async function rate(id: string): Promise<Rated | null> {
    const incident = await views.incidentAlone(id);
    const known = rated.get(id);
    if (incident === null || incident.version === known?.incident.version) return known ?? null;
    const view = await views.incident(id);
    return view && { incident, score: scoreOf(view.evidence) };
  }

  /** The gateway is asked what it has: an earlier life may have left something there, and it may have lost all. */
  async function keepUp(to: NonNullable<typeof gateway>): Promise<void> {
    const there = new Set(await to.pushed());
    for (const { incident, score } of rated.values()) {
      const { id, title, severity } = incident;
      if (score === null || (there.has(id) && pushed.get(id) === score)) continue;
      await to.push(id, score, { alertname: redact(title), severity: severity ?? "unknown" });
      pushed.set(id, score);
    }
    for (const id of there) {
      if (rated.has(id)) continue;
      await to.remove(id);
      pushed.delete(id);
    }
  }

  const { start, stop } = createTurns({
    everyMs: TURN_MS,
    turn,
    onFailure: (err) => log.warn({ err }, "the anomaly scores could not be kept"),
  });
  return { turn, start, stop };
}
