import type { Logger } from "pino";
import type { createPagerDuty } from "./chat/pagerduty.ts";
import type { Ports } from "./responder/ports.ts";

interface Deps {
  readonly pagerDuty: Pick<ReturnType<typeof createPagerDuty>, "page">;
  readonly publicUrl: string;
  readonly log: Logger;
}

/** What the responder has to page, under a key of its own and with the way to its page. */
export function createPaging({ pagerDuty, publicUrl, log }: Deps): NonNullable<Ports["page"]> {
  return async (event) => {
    const key = `countersign/${event.requestId}`;
    if (event.what === "resolve") return await pagerDuty.page({ what: "resolve", key });
    const link = `${publicUrl}/incidents/${event.incidentId}`;
    const paged = await pagerDuty.page({ ...event, key, link });
    if (paged.outcome === "refused") log.error({ request: event.requestId }, paged.why);
    return paged;
  };
}
