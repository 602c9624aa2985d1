import type { Severity } from "../incident/alert.ts";

const TIMEOUT_MS = 10_000;
/** The Events API takes up to 1,024 characters. */
const MAX_SUMMARY = 1024;

/** One event of PagerDuty's Events API v2. The same `key` is the same alert there, however often it is said. */
export type Page =
  | {
      readonly what: "trigger";
      readonly key: string;
      readonly summary: string;
      /** What is affected, such as a host. */
      readonly source: string;
      readonly severity: Severity | null;
      readonly link: string;
    }
  | { readonly what: "acknowledge" | "resolve"; readonly key: string };

export type Paged =
  | { readonly outcome: "accepted" }
  /** Saying it again would not help. The reason names the way out and never the key. */
  | { readonly outcome: "refused"; readonly why: string }
  /** Too much at once, or PagerDuty is not there: later. */
  | { readonly outcome: "later"; readonly why: string };

/** Rings whoever is on call; `page` never rejects. */
export function createPagerDuty({ apiUrl, routingKey }: { apiUrl: string; routingKey: string }) {
  let last: Paged | null = null;

  async function page(event: Page): Promise<Paged> {
    last = await send(event);
    return last;
  }

  async function send(event: Page): Promise<Paged> {
    try {
      const response = await fetch(`${apiUrl}/v2/enqueue`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(bodyOf(event, routingKey)),
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const said = (await response.text()).slice(0, 200);
      if (response.status === 202) return { outcome: "accepted" };
      const why = `PagerDuty answers ${response.status}: ${said.replaceAll(routingKey, "…")}`;
      const isTemporary = response.status === 429 || response.status >= 500;
      return isTemporary
        ? { outcome: "later", why }
        : { outcome: "refused", why: `${why}; look at PAGERDUTY_ROUTING_KEY` };
    } catch (error) {
      return { outcome: "later", why: `PagerDuty at ${new URL(apiUrl).host}: ${reasonOf(error)}` };
    }
  }

  /** There is no way to ask without ringing somebody, so the last page speaks. Rejects where it did not go through. */
  function check(): Promise<string> {
    if (last === null) return Promise.resolve("nobody was paged yet");
    return last.outcome === "accepted"
      ? Promise.resolve("the last page went through")
      : Promise.reject(new Error(last.why));
  }

  return { page, check };
}

function bodyOf(event: Page, routingKey: string) {
  const base = {
    routing_key: routingKey,
    event_action: event.what,
    dedup_key: event.key,
    client: "Countersign",
  };
  if (event.what !== "trigger") return base;
  return {
    ...base,
    client_url: event.link,
    links: [{ href: event.link, text: "Open in Countersign" }],
    payload: {
      summary: event.summary.slice(0, MAX_SUMMARY),
      source: event.source,
      severity: event.severity ?? "error",
    },
  };
}

/** Without the address, which may hold a secret. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const { code } = (error.cause ?? {}) as { code?: string };
  return code === undefined ? error.message : `can't be reached (${code})`;
}
