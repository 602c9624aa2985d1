import { z } from "zod";
import type { Config } from "../config.ts";
import { CommandFailed } from "./command.ts";
import { askRunning } from "./running.ts";
import type { Sent, TestAlert } from "./send-test.ts";

const Answer = z.object({
  new: z.number().default(0),
  deduplicated: z.number().default(0),
  incidents: z.array(z.string()).default([]),
  error: z.string().optional(),
});

export async function sendDirectly(config: Config, alert: TestAlert): Promise<Sent> {
  const answer = await postAlert(config, config.webhookPath, alert);
  const [incident = null] = answer.incidents;
  const isKnown = answer.deduplicated > 0;
  return { way: "webhook", incident, lines: linesOf(config, alert, { incident, isKnown }) };
}

/**
 * The alert as Alertmanager would post it, to the running program.
 * @throws CommandFailed
 */
export async function postAlert(
  config: Config,
  path: string,
  alert: TestAlert & { readonly startsAt?: Date; readonly endsAt?: Date },
) {
  const [key] = config.webhookKeys;
  const { status } = alert;
  const response = await askRunning(config, path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { "x-api-key": key }),
    },
    body: JSON.stringify({ version: "4", status, alerts: [{ ...alert, status }] }),
  });
  const answer = Answer.safeParse(await response.json().catch(() => null));
  if (!response.ok || !answer.success) throw refused(response, answer.data?.error);
  return answer.data;
}

function refused({ status, url }: Response, error: string | undefined) {
  if (status === 401) {
    return new CommandFailed(
      "Countersign refused the key. It was started with another PROMETHEUS_API_KEY than this command reads: " +
        "restart it after a change of .env, and run this in the same folder with the same settings",
    );
  }
  if (error !== undefined) return new CommandFailed(`Countersign answers ${status}: ${error}`);
  return new CommandFailed(
    `What listens at ${url} is not Countersign (it answers ${status}): PROMETHEUS_WEBHOOK_PORT says where it should be`,
  );
}

function linesOf(
  { alertmanager }: Config,
  { status, labels }: TestAlert,
  { incident, isKnown }: { incident: string | null; isKnown: boolean },
): string[] {
  const name = labels.alertname ?? "";
  if (status === "resolved") {
    return incident === null || isKnown
      ? [`${name} does not fire with these labels: nothing to end`]
      : [`Told Countersign that ${name} is over`];
  }
  if (isKnown) return [`${name} fires already, so nothing new happened: end it first`];
  const sent = `Sent ${name} straight to Countersign's webhook`;
  if (alertmanager === null) return [sent];
  return [
    sent,
    "Nothing can run for it: before a run Countersign asks ALERTMANAGER_URL whether the alert fires, and Alertmanager",
    "does not know this one. Without --direct it is sent through Alertmanager.",
  ];
}
