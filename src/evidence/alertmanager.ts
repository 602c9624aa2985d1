import { z } from "zod";
import type { Alert } from "../incident/alert.ts";
import type { SourceAccess } from "./source.ts";
import { ask, SourceFailed } from "./source.ts";

const Alerts = z.array(z.object({ labels: z.record(z.string(), z.string()) }));

/** What its filters have always taken for a name; the rest is compared here. */
const FILTERED = /^(?:alertname|instance|job|name|severity)$/;

/** Asks Alertmanager itself what fires. Every method rejects with `SourceFailed` and nothing else. */
export function createAlertmanager(access: SourceAccess) {
  /**
   * Whether it still reports the alert; a silenced or inhibited one counts as active. It goes by the labels alone: a
   * fingerprint is a word of the sender, who could name that of another alert.
   */
  async function isActive({ labels }: Pick<Alert, "labels">): Promise<boolean> {
    const filters = new URLSearchParams();
    for (const [name, value] of Object.entries(labels)) {
      if (FILTERED.test(name)) filters.append("filter", `${name}=${JSON.stringify(value)}`);
    }
    const answer = Alerts.safeParse(
      await ask("Alertmanager", access, `/api/v2/alerts?${filters.toString()}`),
    );
    if (!answer.success)
      throw new SourceFailed("Alertmanager: the answer is not one we understand");
    return answer.data.some((alert) => hasSameLabels(alert.labels, labels));
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
