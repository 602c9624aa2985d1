import type { Logger } from "pino";
import { callHook } from "./chat/hook.ts";
import type { createPagerDuty, Paged } from "./chat/pagerduty.ts";
import { readToken } from "./execution/token-file.ts";
import { placeOf } from "./incident/alert.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import type { Outgoing } from "./remediation/policy.ts";
import type { Ports, Telling } from "./responder/ports.ts";

const MOST_ALERTS = 20;
const LONGEST = { title: 200, text: 2000 };
const ICONS = { critical: "🔴", warning: "🟡", info: "🔵" } as const;

interface Deps {
  readonly catalogue: Pick<Catalogue, "read">;
  readonly pagerDuty: Pick<ReturnType<typeof createPagerDuty>, "page"> | null;
  readonly publicUrl: string;
  readonly redact: (text: string) => string;
  readonly log: Pick<Logger, "warn">;
}

/** Tells PagerDuty and the addresses under `outgoing` in policy.yaml. What an alert says is in the body, and nowhere else. */
export function createOutgoing({
  catalogue,
  pagerDuty,
  publicUrl,
  redact,
  log,
}: Deps): Ports["tell"] {
  return async (telling) => {
    const told = await send(telling);
    if (told.outcome !== "accepted") {
      const { place, incident } = telling;
      log.warn({ place, incident: incident.id, why: told.why }, "a place was not told");
    }
    return told;
  };

  async function send(telling: Telling): Promise<Paged> {
    const { place, event } = telling;
    if (place === "pagerduty" && pagerDuty !== null) return await pagerDuty.page(pageOf(telling));
    const { policy } = catalogue.read();
    if (policy === null) return { outcome: "later", why: "policy.yaml can't be read" };
    const known = policy.outgoing.find(({ name }) => name === place);
    if (known === undefined) return { outcome: "refused", why: `there is no ${place} any more` };
    // As good as told: it does not want to hear of it.
    if (!known.events.includes(event)) return { outcome: "accepted" };
    return await post(known, telling);
  }

  function pageOf({
    event,
    incident,
    alerts,
  }: Telling): Parameters<NonNullable<typeof pagerDuty>["page"]>[0] {
    const key = `countersign/${incident.id}`;
    if (event !== "firing") return { what: event === "resolved" ? "resolve" : "acknowledge", key };
    return {
      ...{ what: "trigger", key, link: linkOf(incident), severity: incident.severity },
      summary: redact(titleOf({ incident, alerts })),
      source: redact(placeOf(alerts[0]?.labels ?? {})) || "unknown",
    };
  }

  async function post(
    { name, url, method, headers, body, tokenFile }: Outgoing,
    telling: Telling,
  ): Promise<Paged> {
    let token: Record<string, string> = {};
    try {
      if (tokenFile !== null) token = (await readToken(tokenFile)).header;
    } catch (error) {
      return { outcome: "later", why: error instanceof Error ? error.message : String(error) };
    }
    return await callHook({
      ...{ name, url, method },
      headers: { ...headers, ...token },
      body: body === null ? wholeOf(telling) : filled(body, wordsOf(telling)),
    });
  }

  function wordsOf({ event, incident, alerts }: Telling): Record<string, string> {
    const firing = alerts.filter(({ status }) => status === "firing");
    const said = (firing.length > 0 ? firing : alerts).slice(0, MOST_ALERTS);
    const text = said.map(({ labels, annotations }) =>
      [placeOf(labels), annotations.summary ?? annotations.description ?? ""]
        .filter(Boolean)
        .join(": "),
    );
    return {
      ...{ event, incident: incident.id, link: linkOf(incident) },
      title: redact(titleOf({ incident, alerts })).slice(0, LONGEST.title),
      text: redact(text.filter(Boolean).join("\n")).slice(0, LONGEST.text),
      severity: incident.severity ?? "unknown",
      icon:
        event === "resolved" ? "✅" : incident.severity === null ? "⚪" : ICONS[incident.severity],
    };
  }

  /** For a program: the incident and its alerts as JSON. */
  function wholeOf({ event, incident, alerts }: Telling) {
    return {
      version: 1,
      event,
      incident: {
        ...{ id: incident.id, title: redact(incident.title), severity: incident.severity },
        ...{ state: incident.state, openedAt: incident.openedAt, resolvedAt: incident.resolvedAt },
        ...{ acknowledgedBy: incident.acknowledgedBy, link: linkOf(incident) },
      },
      alerts: alerts
        .slice(0, MOST_ALERTS)
        .map(({ status, startsAt, endsAt, labels, annotations }) => ({
          ...{ status, startsAt, endsAt },
          ...{ labels: cleaned(labels), annotations: cleaned(annotations) },
        })),
    };
  }

  function cleaned(texts: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, redact(text).slice(0, LONGEST.text)]),
    );
  }

  function linkOf({ id }: Telling["incident"]): string {
    return `${publicUrl}/incidents/${id}`;
  }
}

function titleOf({ incident, alerts }: Pick<Telling, "incident" | "alerts">): string {
  const where = placeOf(alerts[0]?.labels ?? {});
  return where === "" ? incident.title : `${incident.title} on ${where}`;
}

/** The words stand inside texts only: nothing that an alert says can become a key, or leave its text. */
function filled(body: unknown, words: Readonly<Record<string, string>>): unknown {
  if (typeof body === "string") {
    return body.replace(/\{\{(\w+)\}\}/g, (_, word: string) => words[word] ?? "");
  }
  if (Array.isArray(body)) return body.map((one) => filled(one, words));
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, one]) => [key, filled(one, words)]));
}
