import type { PlannedRequest } from "./approval/approval.ts";
import { programName } from "./approval/approval.ts";
import type { ApiDesk } from "./ingest/api.ts";
import type { Holder } from "./ingest/api-key.ts";
import type { ProposalAnswer } from "./ingest/proposals.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import type { Asked, Wish } from "./responder/ask.ts";
import type { Store } from "./store/store.ts";

const MOST_LIVE = 10;

interface Deps {
  readonly store: Pick<Store, "requests" | "executions" | "views" | "refusals">;
  readonly catalogue: Catalogue;
  readonly ask: (wish: Wish) => Promise<Asked>;
}

/** Null while the policy can't be read: then nobody is known. */
export function keyHolders(catalogue: Pick<Catalogue, "read">): readonly Holder[] | null {
  const { policy } = catalogue.read();
  return policy?.apiKeys ?? null;
}

/** What the keys of `policy.yaml` may do: propose, and look what came of it. No key ever decides. */
export function createProposalDesk({
  store,
  catalogue,
  ask,
}: Deps): Pick<ApiDesk, "holders" | "propose" | "request"> {
  async function refuse(reason: string, { name }: Holder): Promise<void> {
    await store.refusals.note({ reason, channel: "api", chat: "api", accountId: name });
  }

  async function accepted(id: string): Promise<ProposalAnswer> {
    const request = await planned(id);
    if (request === null) throw new Error(`${id} was stored and is not there`);
    const { planCode, reasons, incidentId: incident } = request;
    return {
      outcome: "accepted",
      body: { request: id, planCode, verdict: "ask", reasons, incident },
    };
  }

  async function planned(id: string): Promise<PlannedRequest | null> {
    const request = await store.requests.find(id);
    return request === null || request.state === "denied" ? null : request;
  }

  const repeated = async (requestId: string, isSameBody: boolean): Promise<ProposalAnswer> =>
    isSameBody
      ? await accepted(requestId)
      : { outcome: "other_body", error: "this Idempotency-Key came before with another body" };

  return {
    holders: () => keyHolders(catalogue),
    async propose({ reason, ...wanted }, holder, callKey) {
      const call = callKey === null ? null : { ...callKey, holder: holder.name };
      const before = call === null ? null : await store.requests.calledBefore(call);
      if (before !== null) return await repeated(before.requestId, before.isSameBody);
      if (!holder.mayPropose.includes(wanted.runbook)) {
        await refuse("may_not_propose", holder);
        const error = `${holder.name} may not propose this runbook: may_propose in policy.yaml lists what it may`;
        return { outcome: "forbidden", error };
      }
      const requester = programName(holder.name);
      const asked = await ask({ ...wanted, requester, words: reason, call, mostLive: MOST_LIVE });
      switch (asked.outcome) {
        case "asked":
          return await accepted(asked.request.id);
        case "repeated":
          return await repeated(asked.requestId, asked.isSameBody);
        case "duplicate": {
          const error = "the same action on the same target is asked for already and not over";
          return { outcome: "duplicate", error };
        }
        case "too_many": {
          await refuse("too_many", holder);
          const error = `${MOST_LIVE} requests of this key wait or run: no more before one has ended`;
          return { outcome: "too_many", error };
        }
        case "choose": {
          const ids = asked.runbook.actions.map(({ id }) => id).join(", ");
          const message = `must name one of: ${ids}`;
          return { outcome: "unfit", problem: { path: "action", message } };
        }
        case "unfit":
          return {
            outcome: "unfit",
            problem: { path: asked.part, message: asked.reason.text },
          };
        case "denied":
          await refuse("denied", holder);
          return { outcome: "denied", reasons: asked.verdict.reasons };
      }
    },
    async request(id, holder) {
      const request = await planned(id);
      if (request === null) return null;
      if (holder !== null && request.requester !== programName(holder.name)) return null;
      const { proposal, plan, risk, reasons, quorum, votes } = request;
      const execution = await store.executions.findByRequest(id);
      const view = execution && (await store.views.incident(request.incidentId));
      const verification = view?.verifications.find((one) => one.executionId === execution?.id);
      return {
        request: id,
        incident: request.incidentId,
        state: request.state,
        planCode: request.planCode,
        verdict: "ask",
        ...{ risk, reasons, quorum },
        approvals: votes.filter(({ decision }) => decision === "approve").length,
        runbook: proposal.runbookId,
        action: proposal.actionId,
        params: proposal.params,
        target: plan.target.name,
        createdAt: request.createdAt,
        expiresAt: request.expiresAt,
        endedAt: request.endedAt,
        endReason: request.endReason,
        // What it printed stays with people.
        execution: execution && { state: execution.state, exitCode: execution.exitCode },
        verification: verification?.outcome ?? null,
      };
    },
  };
}
