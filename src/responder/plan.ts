import { isDeepStrictEqual } from "node:util";
import type { Plan, PlannedRequest } from "../approval/approval.ts";
import { digestOf } from "../approval/digest.ts";
import type { Episode } from "../incident/alert.ts";
import type { Policy } from "../remediation/policy.ts";
import type { ProcessIdentity, Proposal, Reason, Risk, SshPeer } from "../remediation/proposal.ts";
import type { Rebuilt } from "../remediation/propose.ts";
import { rebuild } from "../remediation/propose.ts";
import type { Runbook } from "../remediation/runbook.ts";
import type { Ports } from "./ports.ts";

/** What the verdict fixes of a plan; the rest comes from the runbook, the inventory and the files as they are now. */
export interface Terms {
  readonly requestId: string;
  readonly risk: Risk;
  readonly quorum: number;
  readonly expiresAt: Date;
}

export type Planned =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly digest: string;
      readonly rebuilt: Rebuilt;
      /** What was measured to find what would run; null where nothing was. */
      readonly detail: string | null;
    }
  | { readonly ok: false; readonly reason: Reason };

/**
 * Everything that decides what will run, made from this process's own copy of the runbook. The same function makes the
 * plan that is shown and the one that is compared with it right before the start.
 */
export async function makePlan(
  ports: Ports,
  about: {
    readonly proposal: Proposal;
    readonly incidentId: string;
    /** Null for a request without an alert. */
    readonly episode: Episode | null;
    readonly runbook: Runbook;
    readonly policy: Policy;
    readonly terms: Terms;
  },
): Promise<Planned> {
  const { proposal, incidentId, episode, runbook, policy, terms } = about;
  const { target } = proposal;
  const rebuilt = rebuild({
    runbook,
    actionId: proposal.actionId,
    params: proposal.params,
    target,
    labels: episode?.labels ?? {},
  });
  if (!rebuilt.ok) return rebuilt;
  const executor = ports.executors.get(proposal.executor);
  if (executor === undefined) {
    return refuse("no_executor", `this installation has no executor ${proposal.executor}`);
  }
  try {
    const { command, detail } =
      executor.pin === undefined
        ? { command: executor.describe(rebuilt.value.with, target), detail: null }
        : await executor.pin(rebuilt.value.with, target);
    const files =
      command.kind === "argv" ? await ports.hashFiles(command.argv, command.directory) : [];
    const plan: Plan = {
      schema: 1,
      request: terms.requestId,
      incident: incidentId,
      episode: episode === null ? null : identityOf(episode),
      runbook: { id: runbook.id, sha256: runbook.sha256 },
      action: proposal.actionId,
      executor: proposal.executor,
      target: { name: target.name, host: target.host },
      command,
      files,
      timeoutMs: rebuilt.value.action.timeoutMs,
      precondition: rebuilt.value.precondition,
      risk: terms.risk,
      quorum: terms.quorum,
      expiresAt: terms.expiresAt.toISOString(),
      policy: policy.hash,
    };
    return { ok: true, plan, digest: digestOf(plan), rebuilt: rebuilt.value, detail };
  } catch (error) {
    return refuse("no_plan", error instanceof Error ? error.message : String(error));
  }
}

function identityOf({ source, fingerprint, startsAt }: Episode): NonNullable<Plan["episode"]> {
  return { source, fingerprint, startsAt: startsAt.toISOString() };
}

function refuse(rule: string, text: string): Planned {
  return { ok: false, reason: { rule, text } };
}

export type Recheck =
  | {
      readonly outcome: "same";
      /** As it was made now: what was stored may have been written by anybody. */
      readonly plan: Plan;
      readonly rebuilt: Rebuilt;
      readonly policy: Policy;
      readonly isWhitelistComplete: boolean;
    }
  | { readonly outcome: "differs"; readonly why: string }
  /** Nobody can say now: the policy can't be read. */
  | { readonly outcome: "unknown"; readonly why: string };

/** Makes the plan anew from the files as they are on disk and holds it against the digest that was approved. */
export async function recheck(
  ports: Ports,
  request: PlannedRequest,
  episode: Episode | null,
): Promise<Recheck> {
  const { runbooks, policy, problems } = ports.catalogue.read();
  if (policy === null) return { outcome: "unknown", why: "policy.yaml can't be read or is wrong" };
  const runbook = runbooks.find(({ id }) => id === request.proposal.runbookId);
  if (runbook === undefined) {
    return {
      outcome: "differs",
      why: `the runbook ${request.proposal.runbookId} is not there any more`,
    };
  }
  const target = policy.targets.find(({ name }) => name === request.proposal.target.name);
  if (target === undefined) {
    return {
      outcome: "differs",
      why: `the inventory has no ${request.proposal.target.name} any more`,
    };
  }
  const { aliases: _, labels: __, reservedFor: ___, ...where } = target;
  const planned = await makePlan(ports, {
    proposal: { ...request.proposal, target: where },
    incidentId: request.incidentId,
    episode,
    runbook,
    policy,
    terms: {
      requestId: request.id,
      risk: request.risk,
      quorum: request.quorum,
      expiresAt: request.expiresAt,
    },
  });
  if (!planned.ok) return { outcome: "differs", why: planned.reason.text };
  if (planned.digest !== request.digest) {
    return { outcome: "differs", why: difference(request.plan, planned.plan) };
  }
  return {
    outcome: "same",
    plan: planned.plan,
    rebuilt: planned.rebuilt,
    policy,
    isWhitelistComplete: problems.length === 0,
  };
}

function difference(approved: Plan, now: Plan): string {
  if (approved.runbook.sha256 !== now.runbook.sha256) {
    return `runbooks/${now.runbook.id}.md was changed since this was shown`;
  }
  if (approved.policy !== now.policy) return "policy.yaml was changed since this was shown";
  const [shown, found] = [processOf(approved), processOf(now)];
  if (shown !== null && found !== null && !isDeepStrictEqual(shown, found)) {
    return `the busiest is now ${found.name} (pid ${found.pid}); shown was ${shown.name} (pid ${shown.pid})`;
  }
  const [approvedPeer, peer] = [peerOf(approved), peerOf(now)];
  if (approvedPeer !== null && peer !== null && !isDeepStrictEqual(approvedPeer, peer)) {
    return `where ssh leads for ${now.target.name}, or a key it is known by, was changed since this was shown`;
  }
  const changed = now.files.find(
    ({ path, sha256 }) => approved.files.find((file) => file.path === path)?.sha256 !== sha256,
  );
  return changed === undefined
    ? "what would run is no longer what was shown"
    : `${changed.path} was changed since this was shown`;
}

function peerOf({ command }: Plan): SshPeer | null {
  return command.kind === "ssh" ? command.peer : null;
}

function processOf({ command }: Plan): ProcessIdentity | null {
  return command.kind === "signals" ? command.process : null;
}
