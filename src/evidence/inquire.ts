import type { AskedAbout } from "../incident/alert.ts";
import type { Alertmanager } from "./alertmanager.ts";
import { alertmanagerQuestions } from "./alertmanager-questions.ts";
import type { Inquiry } from "./collect.ts";
import type { Grafana } from "./grafana.ts";
import { grafanaQuestions } from "./grafana-questions.ts";
import type { Loki } from "./loki.ts";
import { createLokiQuestions } from "./loki-questions.ts";
import type { PastStore } from "./past-questions.ts";
import { pastQuestions } from "./past-questions.ts";
import type { Prometheus } from "./prometheus.ts";
import { createPrometheusQuestions } from "./prometheus-questions.ts";

/** Null where a source is not configured. */
export interface Sources {
  readonly prometheus: Prometheus | null;
  readonly loki: Loki | null;
  readonly alertmanager: Alertmanager | null;
  readonly grafana: Grafana | null;
  readonly past: PastStore | null;
}

/**
 * Everything the configured sources can say about an alert, as questions: each is asked on its own, so that one that
 * fails takes nothing from the others.
 */
export function createInquiries(sources: Sources, now: () => Date) {
  const { alertmanager, grafana, past } = sources;
  const prometheus = sources.prometheus && createPrometheusQuestions(sources.prometheus, now);
  const loki = sources.loki && createLokiQuestions(sources.loki, now);

  return function inquire(alert: AskedAbout): Inquiry {
    const numbers = prometheus?.about(alert);
    const logs = loki?.about(alert);
    return {
      kpi: (kpi) => numbers?.kpi(kpi) ?? null,
      first: numbers?.first ?? [],
      promql: (title, query) => numbers?.promql(title, query) ?? null,
      logql: (title, query) => logs?.logql(title, query) ?? null,
      later: [
        ...(numbers?.later ?? []),
        ...(logs?.later ?? []),
        ...(alertmanager === null ? [] : alertmanagerQuestions(alertmanager, alert, now)),
        ...(grafana === null ? [] : grafanaQuestions(grafana, alert, now)),
        ...(past === null ? [] : pastQuestions(past, alert, now)),
      ],
    };
  };
}
