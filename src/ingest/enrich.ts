import { Hono } from "hono";
import type { AlertGroup } from "../incident/alert-group.ts";
import type { AlertRequestOptions } from "./alert-request.ts";
import { createAlertRequests } from "./alert-request.ts";

const DEFAULT_SECONDS = 30;
const MOST_SECONDS = 120;
/** Each asks every source; more at a time would be felt by those who wait for a card. */
const MOST_AT_ONCE = 4;
const RETRY_AFTER_SECONDS = "5";

export interface EnrichOptions extends AlertRequestOptions {
  readonly enrich: (group: AlertGroup, timeoutMs: number) => Promise<object>;
}

/** For a PagerDuty or ticket bridge: what is known of an alert, with nothing stored, sent or run. */
export function createEnrich(options: EnrichOptions): Hono {
  const { authorize, onlyJson, limit, read, refuse } = createAlertRequests(options);
  let underWay = 0;

  return new Hono().post("/enrich", authorize, onlyJson, limit, async (c) => {
    const timeoutMs = timeoutOf(c.req.query("timeout"));
    if (timeoutMs === null) {
      const error = `timeout: must be whole seconds from 1 to ${MOST_SECONDS}`;
      return refuse(c, 400, "body", error);
    }
    const group = await read(c);
    if (group instanceof Response) return group;
    if (underWay >= MOST_AT_ONCE) {
      c.header("Retry-After", RETRY_AFTER_SECONDS);
      const error = `${MOST_AT_ONCE} alerts are being looked at: ask again a little later`;
      return c.json({ status: "refused", error }, 503);
    }
    underWay += 1;
    try {
      return c.json(await options.enrich(group, timeoutMs));
    } finally {
      underWay -= 1;
    }
  });
}

function timeoutOf(text: string | undefined): number | null {
  if (text === undefined) return DEFAULT_SECONDS * 1_000;
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= MOST_SECONDS ? seconds * 1_000 : null;
}
