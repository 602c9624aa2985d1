import { Cron } from "croner";
import type { Handover } from "./incident/handover.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { lastOf, maintenanceOf, openUntil } from "./remediation/maintenance.ts";
import { duties, onCall } from "./remediation/on-call.ts";
import type { Policy } from "./remediation/policy.ts";
import type { Store } from "./store/store.ts";

const DAY_MS = 86_400_000;
/** After that nobody waits for it any more: the program was away. */
const LATE_MS = 12 * 3_600_000;
const LONGEST_SHIFT_MS = 7 * DAY_MS;

interface Deps {
  readonly store: Pick<Store, "shifts" | "views" | "switches">;
  readonly catalogue: Pick<Catalogue, "read">;
  readonly now: () => Date;
}

export interface DueHandover {
  readonly at: Date;
  /** For that moment only one is ever sent. */
  readonly name: string;
}

type Hours = Pick<Policy, "rota" | "handoverCron">;

/** The handover whose hour has come since then: of the rota, or of the hour that the policy sets. */
export function dueHandover(policy: Hours, since: Date, now: Date): DueHandover | null {
  const at = lastHandover(policy, now);
  if (at === null || at <= since || now.getTime() - at.getTime() > LATE_MS) return null;
  return { at, name: `handover ${at.toISOString()}` };
}

function lastHandover({ rota, handoverCron }: Hours, now: Date): Date | null {
  const byRota = rota === null ? [] : [onCall(rota, now).from];
  // Croner means before, and a shift begins with its first moment.
  const inclusive = new Date(now.getTime() + 1);
  const byCron = handoverCron === null ? [] : new Cron(handoverCron).previousRuns(1, inclusive);
  return lastOf([...byRota, ...byCron]);
}

/** Of the shift that ended at this moment. */
export async function handoverAt(deps: Deps, policy: Policy, at: Date): Promise<Handover> {
  const before = new Date(at.getTime() - 1);
  const { rota } = policy;
  return await handover(deps, policy, {
    from: lastHandover(policy, before),
    off: rota && onCall(rota, before).person,
    on: rota && onCall(rota, at),
  });
}

/** Of the shift that is under way; null while the policy can't be read. */
export async function handoverNow(deps: Deps): Promise<Handover | null> {
  const { policy } = deps.catalogue.read();
  if (policy === null) return null;
  const now = deps.now();
  const [duty, next = null] = policy.rota === null ? [] : duties(policy.rota, now, 2);
  const from = lastHandover(policy, now);
  return await handover(deps, policy, { from, off: duty?.person ?? null, on: next });
}

async function handover(
  { store, now }: Deps,
  policy: Policy,
  { off, on, ...shift }: Pick<Handover, "off" | "on"> & { readonly from: Date | null },
): Promise<Handover> {
  const to = now();
  const began = shift.from?.getTime() ?? to.getTime() - DAY_MS;
  const from = new Date(Math.max(began, to.getTime() - LONGEST_SHIFT_MS));
  const pending = await store.views.pending();
  return {
    ...{ from, to, off, on },
    ...(await store.shifts.of(from, to)),
    waiting: pending.map(({ planCode, proposal, risk, expiresAt }) => ({
      ...{ planCode, risk, expiresAt, title: proposal.actionTitle },
      target: proposal.target.name,
    })),
    maintenance: await maintained(store, policy, to),
  };
}

/** Targets by the command or a window, and windows for alerts by their name. */
async function maintained({ switches }: Deps["store"], policy: Policy, now: Date) {
  const targets = await Promise.all(
    policy.targets.map(async ({ name: what }) => {
      const window = maintenanceOf(policy, { target: what, labels: null }, now);
      const until = lastOf([await switches.maintenanceUntil(what), window?.until]);
      return until === null ? [] : [{ what, until }];
    }),
  );
  const alerts = policy.maintenance.map(({ title, match, when }) => {
    const until = match === null ? null : openUntil(when, now);
    return until === null ? [] : [{ what: `alerts of "${title}"`, until }];
  });
  return [...targets, ...alerts].flat();
}
