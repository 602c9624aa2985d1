import type { IncidentView } from "./chat/card.ts";
import type { Opinion } from "./diagnosis/opinion.ts";
import type { AgentDesk, IncidentsWanted } from "./ingest/agent-tools.ts";
import type { ApiDesk } from "./ingest/api.ts";
import type { Store } from "./store/store.ts";

interface Deps {
  /** As channels show it: without secrets. */
  readonly views: Pick<Store["views"], "find" | "incident">;
  readonly proposals: Pick<ApiDesk, "holders" | "propose" | "request">;
}

/** What other agents get to see of the store. What commands printed, and what approves a plan, stays with people. */
export function createAgentDesk({ views, proposals }: Deps): AgentDesk {
  const find = ({ words, state, since, limit }: IncidentsWanted) =>
    views.find({
      ...{ words, limit },
      ...(state === null ? {} : { state }),
      ...(since === null ? {} : { since }),
    });
  return {
    holders: proposals.holders,
    propose: proposals.propose,
    request: proposals.request,
    async incidents(wanted) {
      const { items, total } = await find(wanted);
      return { total, incidents: items };
    },
    async incident(id) {
      const view = await views.incident(id);
      return view && { ...incidentOf(view), evidence: titlesOf(view) };
    },
    async evidence(id) {
      const view = await views.incident(id);
      if (view === null) return null;
      return { incident: id, evidence: evidenceOf(view) };
    },
    async history(wanted) {
      const { items, total } = await find(wanted);
      const found = await Promise.all(items.map(({ id }) => views.incident(id)));
      const incidents = found.flatMap((view) => (view === null ? [] : [storyOf(view)]));
      return { total, incidents };
    },
  };
}

export function incidentOf(view: IncidentView) {
  const { incident, diagnosis, opinion } = view;
  return {
    ...storyOf(view),
    acknowledgedBy: incident.acknowledgedBy,
    alerts: incident.alerts.map(({ fingerprint, status, startsAt, labels, annotations }) => ({
      ...{ fingerprint, status, startsAt, labels, annotations },
    })),
    diagnosis,
    opinion: opinion != null && "cause" in opinion ? opinionOf(opinion) : null,
  };
}

/** Without the numbers that graphs are drawn from. */
export function evidenceOf({ evidence }: IncidentView) {
  return evidence.map(({ measurements: _, ...item }) => item);
}

function titlesOf({ evidence }: IncidentView) {
  return evidence.map(({ id, title, status }) => ({ id, title, status }));
}

function opinionOf(opinion: Opinion) {
  const { model, cause, impact, impactCites, confidence, cites } = opinion;
  const { isInsufficient, unsupported, at } = opinion;
  return { model, cause, impact, impactCites, confidence, cites, isInsufficient, unsupported, at };
}

function storyOf({ incident, requests, executions, verifications }: IncidentView) {
  const { id, title, severity, state, openedAt, resolvedAt } = incident;
  return {
    ...{ id, title, severity, state, openedAt, resolvedAt },
    requests: requests.map((request) => {
      const { proposal, risk, reasons, requester, createdAt, endedAt, endReason } = request;
      const execution = executions.find(({ requestId }) => requestId === request.id);
      const verification = verifications.find(({ executionId }) => executionId === execution?.id);
      return {
        ...{ request: request.id, state: request.state, risk, reasons, requester },
        ...{ runbook: proposal.runbookId, action: proposal.actionId, title: proposal.actionTitle },
        target: "target" in proposal ? proposal.target.name : null,
        ...{ createdAt, endedAt, endReason },
        execution: execution === undefined ? null : executionOf(execution),
        verification: verification?.outcome ?? null,
      };
    }),
  };
}

function executionOf({
  id,
  state,
  startedAt,
  finishedAt,
  exitCode,
}: IncidentView["executions"][0]) {
  return { id, state, startedAt, finishedAt, exitCode };
}
