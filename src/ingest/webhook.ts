import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono";
import type { Acceptance, AlertGroup } from "../incident/alert-group.ts";
import { createKeyCheck, keysOf, trustOf } from "./caller.ts";
import { createGroupCommit, NotStored } from "./group-commit.ts";
import { jsonBody, parseJson } from "./json-body.ts";
import { parseWebhook } from "./payload.ts";

const MAX_QUOTED = 200;
const RETRY_AFTER_SECONDS = "5";

export interface IngestOptions {
  readonly paths: readonly string[];
  /** Accepted keys; none means that no key is asked for. */
  readonly keys: readonly string[];
  /** Stores all of them in one transaction; rejecting means that none is stored. */
  readonly accept: (groups: readonly AlertGroup[]) => Promise<readonly Acceptance[]>;
  /** How many alerts may wait for the store; with more the sender is told to come again. */
  readonly maxWaiting?: number;
  readonly now: () => Date;
  readonly onAccepted?: (acceptance: Acceptance) => void;
  readonly onRefused?: (reason: "key" | "type" | "size" | "body" | "store", detail: string) => void;
}

/**
 * The alerts' way in. It answers 2xx only when they are on disk, and 503 whenever they could not be stored:
 * Alertmanager repeats those and drops every 4xx, 429 included.
 */
export function createIngest(options: IngestOptions): Hono {
  const { keys, now, onAccepted, onRefused } = options;
  const isKey = createKeyCheck(keys);
  const commits = createGroupCommit(options.accept, {
    weigh: ({ alerts }: AlertGroup) => Math.max(alerts.length, 1),
    maxWaiting: options.maxWaiting ?? 20_000,
    maxTogether: 500,
  });
  const app = new Hono();

  function refuse(
    c: Context,
    status: 400 | 401 | 413 | 415,
    reason: "key" | "type" | "size" | "body",
    error: string,
  ) {
    onRefused?.(reason, error);
    return c.json({ status: "refused", error }, status);
  }

  const authorize: MiddlewareHandler = async (c, next) => {
    if (keys.length === 0 || keysOf(c).some(isKey)) return await next();
    return refuse(
      c,
      401,
      "key",
      "a key of PROMETHEUS_API_KEY is needed, as X-API-Key or Authorization: Bearer",
    );
  };

  const { onlyJson, limit } = jsonBody((c, status, reason, error) =>
    refuse(
      c,
      status,
      reason,
      status === 413 ? `${error}: set max_alerts in Alertmanager's webhook_config` : error,
    ),
  );

  for (const path of new Set(options.paths)) {
    app.post(path, authorize, onlyJson, limit, async (c) => {
      const body = parseJson(await c.req.text());
      if (!body.ok) return refuse(c, 400, "body", `the body is not JSON: ${body.error}`);
      const parsed = parseWebhook(body.value, {
        trust: trustOf(c, keys.length > 0),
        receivedAt: now(),
      });
      if (!parsed.ok) {
        // What a body says of itself may be as long as the body.
        const problems = parsed.problems.map(({ path: at, message }) => ({
          path: at.slice(0, MAX_QUOTED),
          message: message.slice(0, MAX_QUOTED),
        }));
        const error = problems
          .map(({ path: at, message }) => `${at || "body"}: ${message}`)
          .join("; ");
        onRefused?.("body", error);
        return c.json({ status: "refused", error, problems }, 400);
      }
      return store(c, parsed.group);
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
