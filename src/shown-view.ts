import type { IncidentView } from "./chat/card.ts";
import { redact } from "./evidence/redact.ts";
import type { Labels } from "./incident/alert.ts";

/** A stored incident as any channel may show it: what senders wrote into labels and annotations loses its secrets. */
export function shownView(view: IncidentView): IncidentView {
  const { incident } = view;
  return {
    ...view,
    incident: {
      ...incident,
      alerts: incident.alerts.map((alert) => ({
        ...alert,
        labels: redactAll(alert.labels),
        annotations: redactAll(alert.annotations),
      })),
    },
  };
}

function redactAll(texts: Labels): Labels {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, redact(text)]));
}
