import { z } from "zod";
import type { Alert } from "../incident/alert.ts";
import type { SourceAccess } from "./source.ts";
import { ask, SourceFailed } from "./source.ts";

const Alerts = z.array(
  z.object({
    fingerprint: z.string(),
    labels: z.record(z.string(), z.string()),
    status: z.object({ state: z.string() }),
  }),
);

/** Asks Alertmanager itself what fires. Every method rejects with `SourceFailed` and nothing else. */
export function createAlertmanager(access: SourceAccess) {
  /** Whether it still reports the alert; a silenced or inhibited one counts as active. */
  async function isActive(alert: Pick<Alert, "fingerprint" | "labels">): Promise<boolean> {
    const filters = new URLSearchParams();
    const { alertname } = alert.labels;
    if (alertname !== undefined) filters.append("filter", `alertname=${JSON.stringify(alertname)}`);
    const answer = Alerts.safeParse(
      await ask("Alertmanager", access, `/api/v2/alerts?${filters.toString()}`),
    );
    if (!answer.success)
      throw new SourceFailed("Alertmanager: the answer is not one we understand");
    return answer.data.some(
      ({ fingerprint, labels }) =>
        fingerprint === alert.fingerprint || hasSameLabels(labels, alert.labels),
    );
  }

  async function check(): Promise<string> {
    const status = z
      .object({ versionInfo: z.object({ version: z.string() }) })
      .safeParse(await ask("Alertmanager", access, "/api/v2/status"));
    return status.success ? `version ${status.data.versionInfo.version}` : "answers";
  }

  return { isActive, check };
}

function hasSameLabels(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
