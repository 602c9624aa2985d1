import type { Proposal, Reason } from "../remediation/proposal.ts";
import { runProbe } from "./facts.ts";
import type { Planned } from "./plan.ts";
import type { Ports } from "./ports.ts";

const LONGEST_OUTPUT = 1_500;
const LONGEST_REASON = 600;
/** The card is out already; what may be done about it waits so long at most. */
const TRIAL_TIMEOUT_MS = 30_000;

type Plan = Extract<Planned, { ok: true }>;

/** What a dry run says, the runbook's own or the executor's; null where there is neither. Changes nothing. */
export async function tryPlan(
  ports: Ports,
  { executor: name, target }: Proposal,
  { plan, rebuilt }: Plan,
): Promise<string | null> {
  const bounded = (text: string) => ports.redact(text).slice(0, LONGEST_OUTPUT);
  if (rebuilt.dryRun !== null) {
    const look = { executor: name, with: rebuilt.dryRun };
    const { status, text } = await runProbe(ports, look, target);
    return bounded(status === "found" ? text : `it could not be asked: ${text}`);
  }
  const executor = ports.executors.get(name);
  if (executor?.dryRun === undefined) return null;
  const limits = { timeoutMs: TRIAL_TIMEOUT_MS, signal: ports.stopping };
  try {
    return bounded(await executor.dryRun(plan.command, limits));
  } catch (error) {
    return bounded(`it could not be asked: ${error instanceof Error ? error.message : error}`);
  }
}

/** For whoever decides: what was measured for the plan, and what its dry run says. */
export async function findingsFor(
  ports: Ports,
  proposal: Proposal,
  planned: Plan,
): Promise<Reason[]> {
  const trial = await tryPlan(ports, proposal, planned);
  if (trial === null) return measuredFor(planned);
  const text = `Its dry run says: ${trial.slice(0, LONGEST_REASON) || "nothing"}`;
  return [...measuredFor(planned), { rule: "dry_run", text }];
}

export function measuredFor({ detail }: Plan): Reason[] {
  return detail === null ? [] : [{ rule: "measured", text: detail }];
}
