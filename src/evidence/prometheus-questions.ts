import type { AroundAlert } from "./around.ts";
import { createAround } from "./around.ts";
import { askChanges } from "./ask-changes.ts";
import { askKpi } from "./ask-kpi.ts";
import { askQuery } from "./ask-query.ts";
import { askRelated } from "./ask-related.ts";
import { askRule } from "./ask-rule.ts";
import { askSignals } from "./ask-signals.ts";
import type { AskedKpi, Finding, Question } from "./collect.ts";
import type { Prometheus } from "./prometheus.ts";

/** Questions to Prometheus about an alert. What they ask is chosen by what Prometheus says it has. */
export function createPrometheusQuestions(source: Prometheus, now: () => Date) {
  const around = createAround(source, now);
  return {
    about(alert: AroundAlert["alert"]) {
      const here = around(alert);
      return {
        first: [question("The alert's own rule", () => askRule(here))],
        promql: (title: string, query: string) =>
          question(title, () => askQuery(here, title, query)),
        later: [
          question("Latency, errors, traffic, saturation", () => askSignals(here)),
          question("What shares its labels", () => askRelated(here)),
          { ...question("Started or changed", () => askChanges(here)), kind: "change" as const },
        ],
        kpi: (kpi: AskedKpi) => ({
          ...question(kpi.title, () => askKpi(here, kpi)),
          kind: "kpi" as const,
        }),
      };
    },
  };
}

function question(title: string, ask: () => Promise<Finding | null>): Question {
  return { kind: "promql", title, ask };
}
