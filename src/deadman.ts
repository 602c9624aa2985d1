import type { IncomingAlert, Labels } from "./incident/alert.ts";
import { fingerprintOf, isDrill, nameOf } from "./incident/alert.ts";
import type { Acceptance, AlertGroup } from "./incident/alert-group.ts";
import type { Policy } from "./remediation/policy.ts";
import { ignoreRuleFor } from "./remediation/policy.ts";
import type { Heard } from "./store/heard.ts";
import { createTurns } from "./turns.ts";

const LOOK_EVERY_MS = 15_000;
export const MISSING = "WatchdogMissing";

interface Deps {
  /** Null while it can't be read: then nothing is missed, and nothing is swallowed. */
  readonly policy: () => Policy | null;
  readonly accept: (groups: readonly AlertGroup[]) => Promise<Acceptance[]>;
  readonly heard: {
    note(heard: Heard): Promise<void>;
    list(): Promise<Heard[]>;
  };
  /** Whether there is an incident already that says that this one is missing. */
  readonly isOpen: (name: string) => Promise<boolean>;
  readonly now: () => Date;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Waits for the alerts that fire as long as all is well, those with `deadman` in the policy. None of them becomes an
 * incident. One that came once and then not for so long is one: Prometheus, Alertmanager or the way from them is down.
 */
export function createDeadman({ policy, accept, heard, isOpen, now, onFailure }: Deps) {
  // Nobody can have been heard while the program was away.
  const startedAt = now().getTime();

  function patienceFor(labels: Labels): number | null {
    const rules = policy();
    return rules === null ? null : (ignoreRuleFor(rules, labels)?.deadmanMs ?? null);
  }

  /** A drill is no sign of life of anything. */
  const isDeadman =
    (group: AlertGroup) =>
    ({ labels, status }: IncomingAlert) =>
      !isDrill(group) && status === "firing" && patienceFor(labels) !== null;

  /** As the store does, but for the alerts that are only waited for: those count as heard of before. */
  async function acceptOthers(groups: readonly AlertGroup[]): Promise<Acceptance[]> {
    const own = groups.map((group) => group.alerts.filter(isDeadman(group)));
    if (own.every(({ length }) => length === 0)) return await accept(groups);
    const others = groups.map((group) => ({
      ...group,
      alerts: group.alerts.filter((alert) => !isDeadman(group)(alert)),
    }));
    const accepted = await accept(others);
    for (const { labels } of own.flat()) await hear(labels);
    return accepted.map((one, i) => {
      const count = own[i]?.length ?? 0;
      return {
        ...one,
        received: one.received + count,
        deduplicated: one.deduplicated + count,
      };
    });
  }

  async function hear(labels: Labels): Promise<void> {
    await heard.note({ name: nameOf(labels), labels, at: now() });
    await look();
  }

  async function missing(): Promise<
    (Heard & { readonly isMissing: boolean; patienceMs: number })[]
  > {
    return (await heard.list()).flatMap((one) => {
      const patienceMs = patienceFor(one.labels);
      if (patienceMs === null) return [];
      const since = Math.max(one.at.getTime(), startedAt);
      return [{ ...one, patienceMs, isMissing: now().getTime() - since > patienceMs }];
    });
  }

  /** What has come to be missing or is back since the last look. The store knows the rest: it takes each only once. */
  const told = new Map<string, boolean>();
  async function look(): Promise<void> {
    for (const one of await missing()) {
      if ((told.get(one.name) ?? (await isOpen(one.name))) === one.isMissing) continue;
      await accept([groupOf(one)]);
      told.set(one.name, one.isMissing);
    }
  }

  function groupOf({
    name,
    at,
    isMissing,
    patienceMs,
  }: Awaited<ReturnType<typeof missing>>[number]) {
    const labels = { alertname: MISSING, severity: "critical", name };
    const minutes = Math.round(patienceMs / 60_000);
    return {
      source: "countersign",
      groupKey: `deadman:${name}`,
      receiver: null,
      groupLabels: {},
      externalUrl: null,
      truncatedAlerts: 0,
      trust: "none",
      receivedAt: now(),
      extra: null,
      alerts: [
        {
          fingerprint: fingerprintOf(labels),
          status: isMissing ? "firing" : "resolved",
          startsAt: null,
          endsAt: isMissing ? null : now(),
          labels,
          annotations: {
            summary: `${name} has not come for ${minutes} min`,
            description: `${name} always fires, last seen ${at.toISOString()}. Prometheus, Alertmanager or the way from them to here is down: other alerts do not come either.`,
          },
          generatorUrl: null,
          extra: null,
        },
      ],
    } satisfies AlertGroup;
  }

  const { start, stop } = createTurns({ everyMs: LOOK_EVERY_MS, turn: look, onFailure });
  return {
    accept: acceptOthers,
    look,
    start,
    stop,
    /** For `/health`: a line for people, or an error that names what is missing. */
    async check(): Promise<string> {
      const all = await missing();
      const lost = all.filter(({ isMissing }) => isMissing);
      if (lost.length > 0) {
        const names = lost.map(({ name, at }) => `${name} (last seen ${at.toISOString()})`);
        throw new Error(`does not come any more: ${names.join(", ")}`);
      }
      if (all.length > 0)
        return all.map(({ name, at }) => `${name} came ${at.toISOString()}`).join(", ");
      return "no alert with `deadman` in policy.yaml has come yet";
    },
  };
}
