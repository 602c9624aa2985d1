import type { Context } from "hono";
import { Hono } from "hono";
import type { Acceptance, AlertGroup } from "../incident/alert-group.ts";
import type { AlertRequestOptions } from "./alert-request.ts";
import { createAlertRequests } from "./alert-request.ts";
import { createGroupCommit, NotStored } from "./group-commit.ts";

const RETRY_AFTER_SECONDS = "5";

export interface IngestOptions extends AlertRequestOptions {
  readonly paths: readonly string[];
  /** Stores all of them in one transaction; rejecting means that none is stored. */
  readonly accept: (groups: readonly AlertGroup[]) => Promise<readonly Acceptance[]>;
  /** How many alerts may wait for the store; with more the sender is told to come again. */
  readonly maxWaiting?: number;
  readonly onAccepted?: (acceptance: Acceptance) => void;
}

/**
 * The alerts' way in. It answers 2xx only when they are on disk, and 503 whenever they could not be stored:
 * Alertmanager repeats those and drops every 4xx, 429 included.
 */
export function createIngest(options: IngestOptions): Hono {
  const { onAccepted, onRefused } = options;
  const commits = createGroupCommit(options.accept, {
    weigh: ({ alerts }: AlertGroup) => Math.max(alerts.length, 1),
    maxWaiting: options.maxWaiting ?? 20_000,
    maxTogether: 500,
  });
  const app = new Hono();

  const { authorize, onlyJson, limit, read } = createAlertRequests(options);

  for (const path of new Set(options.paths)) {
    app.post(path, authorize, onlyJson, limit, async (c) => {
      const group = await read(c);
      return group instanceof Response ? group : await store(c, group);
    });
  }

  async function store(c: Context, group: AlertGroup): Promise<Response> {
    try {
      const acceptance = await commits.store(group);
      onAccepted?.(acceptance);
      return c.json({
        status: "accepted",
        received: acceptance.received,
        new: acceptance.fresh,
        updated: acceptance.updated,
        deduplicated: acceptance.deduplicated,
        incidents: acceptance.incidents,
      });
    } catch (error) {
      if (!(error instanceof NotStored)) throw error;
      onRefused?.("store", error.message);
      c.header("Retry-After", RETRY_AFTER_SECONDS);
      return c.json(
        { status: "refused", error: "the alerts could not be stored now: send them again" },
        503,
      );
    }
  }

  return app;
}
