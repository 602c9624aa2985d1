import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { isDrill } from "../incident/alert.ts";
import type { Acceptance, AlertGroup } from "../incident/alert-group.ts";
import type { AlertRequestOptions } from "./alert-request.ts";
import { createAlertRequests } from "./alert-request.ts";
import { createGrafanaSignatures } from "./grafana-signature.ts";
import { createGroupCommit, NotStored } from "./group-commit.ts";

const RETRY_AFTER_SECONDS = "5";
/** Where `countersign drill` sends its alert: it is a drill by where it comes in, not by anything it says. */
export const DRILL_PATH = "/api/drill";
const SIGNATURE = "x-grafana-alerting-signature";
const TIMESTAMP = "x-grafana-alerting-timestamp";

export interface IngestOptions extends AlertRequestOptions {
  readonly paths: readonly string[];
  /** What Grafana signs its alerts with; null where it shows a key like Alertmanager. */
  readonly grafanaSecret: string | null;
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

  const { authorize, onlyJson, limit, read, refuse } = createAlertRequests(options);

  for (const path of new Set(options.paths)) {
    app.post(path, authorize, onlyJson, limit, async (c) => {
      const group = await read(c);
      return group instanceof Response ? group : await store(c, group);
    });
  }

  app.post(DRILL_PATH, authorize, onlyJson, limit, async (c) => {
    const group = await read(c, "drill");
    return group instanceof Response ? group : await store(c, group);
  });

  const { grafanaSecret } = options;
  const mayPost = grafanaSecret === null ? authorize : onlySigned(grafanaSecret);
  app.post("/grafana/webhook", onlyJson, limit, mayPost, async (c) => {
    const group = await read(c, "grafana", grafanaSecret !== null || options.keys.length > 0);
    return group instanceof Response ? group : await store(c, group);
  });

  /** T25: signed by Grafana over the time and the body, lately, and for the first time. */
  function onlySigned(secret: string): MiddlewareHandler {
    const { authenticate, forget } = createGrafanaSignatures(secret, options.now);
    return async (c, next) => {
      const signature = c.req.header(SIGNATURE);
      const body = new Uint8Array(await c.req.arrayBuffer());
      const authenticity = authenticate({ signature, timestamp: c.req.header(TIMESTAMP), body });
      if (authenticity !== "genuine") return refuse(c, 401, "key", UNSIGNED[authenticity]);
      await next();
      if (!c.res.ok) forget(signature);
      return undefined;
    };
  }

  async function store(c: Context, group: AlertGroup): Promise<Response> {
    try {
      const acceptance = await commits.store(group);
      if (!isDrill(group)) onAccepted?.(acceptance);
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

const UNSIGNED = {
  unsigned:
    "an HMAC signature is needed: give Grafana's contact point the secret of GRAFANA_WEBHOOK_SECRET",
  no_timestamp:
    "the time of the signature is missing: set the contact point's Timestamp Header to X-Grafana-Alerting-Timestamp",
  forged:
    "the signature is not of GRAFANA_WEBHOOK_SECRET: give the contact point the same secret, and leave its Header as it is",
  stale: "the signature is older or newer than five minutes: look at both clocks",
  replayed: "the very same request was taken before",
};
