import { z } from "zod";
import type { Alert, Labels } from "../incident/alert.ts";
import type { SourceAccess } from "./source.ts";
import { ask, SourceFailed } from "./source.ts";
import { sameLabels } from "./tell.ts";

/** Whether something fires must not hang on what else is told of it: only the labels have to be there. */
const Alerts = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    fingerprint: z.string().catch(""),
    startsAt: z.coerce.date().optional().catch(undefined),
    receivers: z.array(z.object({ name: z.string() })).catch([]),
    status: z
      .object({ silencedBy: z.array(z.string()), inhibitedBy: z.array(z.string()) })
      .catch({ silencedBy: [], inhibitedBy: [] }),
  }),
);

const Silences = z.array(
  z.object({
    id: z.string(),
    comment: z.string().catch(""),
    createdBy: z.string().catch(""),
    endsAt: z.coerce.date().catch(() => new Date(0)),
    status: z.object({ state: z.string() }),
  }),
);
export type ReportedSilence = z.infer<typeof Silences>[number];

/** An alert as Alertmanager tells of it. */
export type ReportedAlert = z.infer<typeof Alerts>[number];

/** What its filters have always taken for a name; the rest is compared here. */
const FILTERED = /^(?:alertname|instance|job|name|severity)$/;

/** Asks Alertmanager itself what fires. Every method rejects with `SourceFailed` and nothing else. */
export function createAlertmanager(access: SourceAccess) {
  /**
   * Whether it still reports the alert; a silenced or inhibited one counts as active. It goes by the labels alone: a
   * fingerprint is a word of the sender, who could name that of another alert.
   */
  async function isActive(alert: Pick<Alert, "labels">): Promise<boolean> {
    return (await find(alert)) !== null;
  }

  /** What it reports of the alert with exactly these labels, if it still does. */
  async function find({ labels }: Pick<Alert, "labels">): Promise<ReportedAlert | null> {
    const answer = Alerts.safeParse(
      await ask("Alertmanager", access, `/api/v2/alerts?${filtersFor(labels)}`),
    );
    if (!answer.success)
      throw new SourceFailed("Alertmanager: the answer is not one we understand");
    return answer.data.find((alert) => sameLabels(alert.labels, labels)) ?? null;
  }

  /** Everything that fires, silenced and inhibited alerts included. */
  async function active(): Promise<ReportedAlert[]> {
    const answer = Alerts.safeParse(await ask("Alertmanager", access, "/api/v2/alerts"));
    if (!answer.success)
      throw new SourceFailed("Alertmanager: the answer is not one we understand");
    return answer.data;
  }

  /** The silences that are in force. */
  async function silences(): Promise<ReportedSilence[]> {
    const answer = Silences.safeParse(await ask("Alertmanager", access, "/api/v2/silences"));
    if (!answer.success)
      throw new SourceFailed("Alertmanager: the answer is not one we understand");
    return answer.data.filter(({ status }) => status.state === "active");
  }

  /** Gives it an alert, as a Prometheus would; an `endsAt` that is over ends it. */
  async function send(
    alert: Pick<Alert, "labels" | "annotations" | "startsAt"> & { readonly endsAt: Date },
  ): Promise<void> {
    await ask("Alertmanager", access, "/api/v2/alerts", { method: "POST", json: [alert] });
  }

  /** Keeps it quiet about the alert with all of these labels, each exactly as it is. */
  async function silence(wanted: {
    readonly labels: Labels;
    readonly from: Date;
    readonly until: Date;
    readonly createdBy: string;
    readonly comment: string;
  }): Promise<void> {
    const { labels, from: startsAt, until: endsAt, createdBy, comment } = wanted;
    const matchers = Object.entries(labels).map(([name, value]) => ({
      ...{ name, value, isRegex: false, isEqual: true },
    }));
    const json = { matchers, startsAt, endsAt, createdBy, comment };
    await ask("Alertmanager", access, "/api/v2/silences", { method: "POST", json });
  }

  /** Ends what silences of these labels bear the mark in their comment; none is fine, too. */
  async function unsilence({ labels, mark }: { labels: Labels; mark: string }): Promise<void> {
    const answer = Silences.safeParse(
      await ask("Alertmanager", access, `/api/v2/silences?${filtersFor(labels)}`),
    );
    if (!answer.success)
      throw new SourceFailed("Alertmanager: the answer is not one we understand");
    const live = answer.data.filter(({ status }) => status.state !== "expired");
    for (const { id } of live.filter(({ comment }) => comment.includes(mark))) {
      const path = `/api/v2/silence/${encodeURIComponent(id)}`;
      await ask("Alertmanager", access, path, { method: "DELETE" });
    }
  }

  /** Its configuration as it runs, in YAML and without its secrets; empty where it does not tell. */
  async function configuration(): Promise<string> {
    const status = z
      .object({ config: z.object({ original: z.string() }) })
      .safeParse(await ask("Alertmanager", access, "/api/v2/status"));
    return status.data?.config.original ?? "";
  }

  async function check(): Promise<string> {
    const status = z
      .object({ versionInfo: z.object({ version: z.string() }) })
      .safeParse(await ask("Alertmanager", access, "/api/v2/status"));
    return status.success ? `version ${status.data.versionInfo.version}` : "answers";
  }

  return { isActive, find, active, silences, send, silence, unsilence, configuration, check };
}

/** Fewer to look through; what comes is compared in full. */
function filtersFor(labels: Labels): string {
  const filters = new URLSearchParams();
  for (const [name, value] of Object.entries(labels)) {
    if (FILTERED.test(name)) filters.append("filter", `${name}=${JSON.stringify(value)}`);
  }
  return filters.toString();
}

export type Alertmanager = ReturnType<typeof createAlertmanager>;
