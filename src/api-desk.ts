import { evidenceOf, incidentOf } from "./agents.ts";
import type { Standing } from "./badge.ts";
import type { Reads } from "./console/reads.ts";
import type { ApiDesk } from "./ingest/api.ts";
import type { Store } from "./store/store.ts";

interface Deps {
  /** Its views as channels show them: without secrets. */
  readonly store: Pick<Store, "views" | "lists">;
  readonly reads: Pick<Reads, "runbooks" | "runbook" | "statistics">;
  readonly proposals: Pick<ApiDesk, "holders" | "propose" | "request">;
  readonly standing: () => Promise<Standing>;
}

/** What the JSON API answers. What commands printed stays with people. */
export function createApiDesk({ store, reads, proposals, standing }: Deps): ApiDesk {
  const { views, lists } = store;
  return {
    ...proposals,
    standing,
    async incidents({ limit, cursor, words, state, severity, since, runbook, target }) {
      const { items, total } = await views.find({
        ...{ limit, words },
        ...(cursor === undefined ? {} : { after: cursor }),
        ...(state === undefined ? {} : { state }),
        ...(severity === undefined ? {} : { severity }),
        ...(since === undefined ? {} : { since: new Date(since) }),
        ...(runbook === undefined ? {} : { runbook }),
        ...(target === undefined ? {} : { target }),
      });
      return { incidents: items, total, next: nextOf(items, limit, ({ id }) => id) };
    },
    async incident(id) {
      const view = await views.incident(id);
      if (view === null) return null;
      return {
        ...incidentOf(view),
        evidence: evidenceOf(view),
        timeline: await views.timeline(id),
      };
    },
    async requests({ limit, cursor, state }) {
      const requests = await lists.requests({
        ...{ limit, last: cursor ?? null },
        isWaiting: state === "pending",
      });
      return { requests, next: nextOf(requests, limit, ({ request }) => request) };
    },
    async executions({ limit, cursor }) {
      const executions = await lists.executions({ limit, last: cursor ?? null });
      const next = nextOf(executions, limit, ({ execution }) => execution?.id ?? null);
      return { executions, next };
    },
    async runbooks() {
      return { runbooks: await reads.runbooks() };
    },
    async runbook(id) {
      const found = await reads.runbook(id);
      if (found === null) return null;
      const { known: _, ...runbook } = found;
      return runbook;
    },
    async statistics() {
      const { costs: _, ...counts } = await reads.statistics();
      return counts;
    },
  };
}

/** A page that is not full is the last one. */
function nextOf<T>(page: readonly T[], limit: number, cursorOf: (item: T) => string | null) {
  const last = page.length < limit ? undefined : page.at(-1);
  return last === undefined ? null : cursorOf(last);
}
