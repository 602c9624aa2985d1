import type { Config } from "./config.ts";
import { createAlertmanager } from "./evidence/alertmanager.ts";
import { createGrafana } from "./evidence/grafana.ts";
import { createLoki } from "./evidence/loki.ts";
import { createPrometheus } from "./evidence/prometheus.ts";

/** The sources that are configured; null is one that is not. */
export function createSources({ prometheus, alertmanager, loki, grafana }: Config) {
  return {
    prometheus: prometheus && createPrometheus(prometheus),
    alertmanager: alertmanager && createAlertmanager(alertmanager),
    loki: loki && createLoki(loki),
    grafana: grafana && createGrafana(grafana),
  };
}
