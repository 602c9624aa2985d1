import { setTimeout as sleep } from "node:timers/promises";
import type { Acts, World } from "./acts.ts";
import type { Figures } from "./outside.ts";

const SETTLED_WITHIN_MS = 300_000;

export interface Judged extends Omit<Figures, "rounds" | "kills"> {
  /** Each in words; none is right. */
  readonly wrong: readonly string[];
}

/** Leaves the program alone for one last life until nothing is under way, and counts from outside what came of it all. */
export async function judge(
  { victim, outside, sent, approvals }: World,
  acts: Acts,
  last: Awaited<ReturnType<World["victim"]["live"]>>,
): Promise<Judged> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  while (acts.unacknowledged() > 0 && Date.now() < deadline) {
    await acts.repeat().catch(() => sleep(100));
  }
  while (outside.underWay().length > 0 && Date.now() < deadline) await sleep(100);
  const wrong = outside.underWay().map((what) => `still under way: ${what}`);
  await last.kill();

  const audit = JSON.parse((await victim.command(["audit", "verify", "--json"])).stdout) as {
    ok: boolean;
    entries: number;
    firstBroken: number | null;
  };
  if (!audit.ok) wrong.push(`the record is broken at entry ${audit.firstBroken}`);
  const traces = victim.traces();
  const runs = new Set(traces);
  const stored = outside.storedNumbers();
  const started = outside.startedNumbers();
  const unapproved = [
    ...outside.unapproved(approvals),
    ...[...runs].filter((n) => !started.has(n)).map((n) => `the run of ${n} was never started`),
  ];
  wrong.push(...unapproved);
  const lost = [...sent.values()].filter(
    ({ isAcknowledged, labels }) => isAcknowledged && !stored.has(labels.n ?? ""),
  );
  return {
    alertsSent: sent.size,
    alertsLost: lost.length + acts.unacknowledged(),
    executions: traces.length,
    doubleExecutions: traces.length - runs.size,
    unapprovedExecutions: unapproved.length,
    recordsVerified: audit.ok ? audit.entries : 0,
    wrong,
  };
}
