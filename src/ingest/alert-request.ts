import type { Context, MiddlewareHandler } from "hono";
import type { AlertGroup } from "../incident/alert-group.ts";
import { createKeyCheck, keysOf, trustOf } from "./caller.ts";
import { jsonBody, parseJson } from "./json-body.ts";
import type { Sender } from "./payload.ts";
import { parseWebhook } from "./payload.ts";

const MAX_QUOTED = 200;

export interface AlertRequestOptions {
  /** Accepted keys; none means that no key is asked for. */
  readonly keys: readonly string[];
  readonly now: () => Date;
  readonly onRefused?:
    | ((reason: "key" | "type" | "size" | "body" | "store", detail: string) => void)
    | undefined;
}

/** What every route that takes alerts asks of a request, and what it reads from it. */
export function createAlertRequests({ keys, now, onRefused }: AlertRequestOptions) {
  const isKey = createKeyCheck(keys);

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

  /** The alerts, or the answer that says why there are none. */
  async function read(
    c: Context,
    source: Sender = "alertmanager",
    hasKey = keys.length > 0,
  ): Promise<AlertGroup | Response> {
    const body = parseJson(await c.req.text());
    if (!body.ok) return refuse(c, 400, "body", `the body is not JSON: ${body.error}`);
    const parsed = parseWebhook(body.value, {
      source,
      trust: trustOf(c, hasKey),
      receivedAt: now(),
    });
    if (parsed.ok) return parsed.group;
    // What a body says of itself may be as long as the body.
    const problems = parsed.problems.map(({ path: at, message }) => ({
      path: at.slice(0, MAX_QUOTED),
      message: message.slice(0, MAX_QUOTED),
    }));
    const error = problems.map(({ path: at, message }) => `${at || "body"}: ${message}`).join("; ");
    onRefused?.("body", error);
    return c.json({ status: "refused", error, problems }, 400);
  }

  return { authorize, onlyJson, limit, read, refuse };
}
