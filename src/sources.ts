import type { Config } from "./config.ts";
import { createAlertmanager } from "./evidence/alertmanager.ts";
import { createGrafana } from "./evidence/grafana.ts";
import { createLoki } from "./evidence/loki.ts";
import { createPrometheus } from "./evidence/prometheus.ts";
import { createPushgateway } from "./evidence/pushgateway.ts";

/** The sources that are configured, and where scores go; null is one that is not. */
export function createSources({ prometheus, alertmanager, loki, grafana, ...config }: Config) {
  return {
    prometheus: prometheus && createPrometheus(prometheus),
    alertmanager: alertmanager && createAlertmanager(alertmanager),
    loki: loki && createLoki(loki),
    grafana: grafana && createGrafana(grafana),
    pushgateway:
      config.pushgatewayUrl === null
        ? null
        : createPushgateway(config.pushgatewayUrl, new URL(config.publicUrl).host),
  };
}
