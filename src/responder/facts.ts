import { ALERT_NOT_REPORTED, ALERT_RESOLVED } from "../approval/approval.ts";
import type { ProbeResult } from "../execution/execution.ts";
import type { Episode } from "../incident/alert.ts";
import type { Target } from "../remediation/proposal.ts";
import type { Precondition, Probe } from "../remediation/runbook.ts";
import type { Ports } from "./ports.ts";

const LONGEST_DETAIL = 500;

/** What the alert's own source says when asked right now. */
export type Confirmation = "confirmed" | "absent" | "unreachable" | "not_configured";

/** Where there is no alert, there is nothing to ask about; and of what it did not send, Alertmanager knows nothing. */
export async function confirm(
  { alertmanager }: Ports,
  episode: Episode | null,
): Promise<Confirmation> {
  // Nobody else can be asked about what Countersign noticed itself: its last look is the word on it.
  if (episode?.source === "countersign")
    return episode.status === "firing" ? "confirmed" : "absent";
  if (alertmanager === null || episode?.source !== "alertmanager") return "not_configured";
  try {
    return (await alertmanager.isActive(episode)) ? "confirmed" : "absent";
  } catch {
    return "unreachable";
  }
}

/** Whether a condition of a runbook holds right now; `unknown` where a source could not be asked. */
export interface Look {
  readonly state: "holds" | "fails" | "unknown";
  readonly detail: string;
}

export async function lookAtProbe(
  ports: Ports,
  probe: Probe,
  expect: Readonly<Record<string, readonly string[]>>,
  target: Target,
): Promise<Look> {
  const result = await runProbe(ports, probe, target);
  if (result.status === "missing") {
    return { state: "unknown", detail: ports.redact(result.text).slice(0, LONGEST_DETAIL) };
  }
  const differing = Object.entries(expect).filter(
    ([fact, values]) => !values.includes(result.facts[fact] ?? ""),
  );
  const facts = Object.keys(expect)
    .map((fact) => `${fact} is ${result.facts[fact] ?? "not known"}`)
    .join(", ");
  // A fact alone ("busy is no") says too little to somebody who has to mend it.
  const detail = differing.length === 0 ? facts : `${facts} (${withoutStop(result.text)})`;
  return {
    state: differing.length === 0 ? "holds" : "fails",
    detail: ports.redact(detail).slice(0, LONGEST_DETAIL),
  };
}

export async function runProbe(
  { executors }: Pick<Ports, "executors">,
  probe: { readonly executor: string; readonly with: Probe["with"] },
  target: Target,
): Promise<ProbeResult> {
  const executor = executors.get(probe.executor);
  if (executor === undefined) {
    return { status: "missing", text: `this installation has no executor ${probe.executor}` };
  }
  try {
    return await executor.probe(probe.with, target);
  } catch (error) {
    return { status: "missing", text: error instanceof Error ? error.message : String(error) };
  }
}

export async function lookAtQuery({ prometheus }: Ports, promql: string): Promise<Look> {
  if (prometheus === null) {
    return { state: "unknown", detail: `${promql}: PROMETHEUS_URL is not set` };
  }
  try {
    const holds = await prometheus.holds(promql);
    return {
      state: holds ? "holds" : "fails",
      detail: `${promql} ${holds ? "holds" : "does not hold"}`,
    };
  } catch (error) {
    return { state: "unknown", detail: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Whether the alert is over, as its sources say now. A Prometheus that is down resolves everything, so its silence is
 * no news; nor, where another check can speak, is that of an Alertmanager which nobody can ask.
 */
export async function lookAtAlert(
  ports: Ports,
  episode: Episode,
  hasOthers: boolean,
): Promise<Look> {
  if (episode.source === "countersign") return lookAtNoticed(episode);
  const confirmation = await confirm(ports, episode);
  switch (confirmation) {
    case "confirmed":
      return { state: "fails", detail: "Alertmanager still reports the alert" };
    case "unreachable":
      return { state: "unknown", detail: "Alertmanager does not answer" };
    case "absent":
      return await believed(ports, episode, "Alertmanager no longer reports the alert");
    case "not_configured":
      if (episode.status === "resolved")
        return await believed(ports, episode, "the alert resolved");
      return hasOthers
        ? { state: "unknown", detail: "no word yet that the alert resolved" }
        : { state: "fails", detail: "the alert has not resolved" };
  }
}

function lookAtNoticed({ status }: Episode): Look {
  return status === "firing"
    ? { state: "fails", detail: "Countersign still notices it" }
    : { state: "holds", detail: "Countersign notices it no more" };
}

/** Prometheus' own word on it, where there is one to ask. */
async function believed({ prometheus }: Ports, { labels }: Episode, detail: string): Promise<Look> {
  if (prometheus === null) return { state: "holds", detail };
  const name = JSON.stringify(labels.alertname ?? "");
  try {
    const firing = await prometheus.query(`ALERTS{alertname=${name},alertstate="firing"}`);
    // The sender may have added labels, such as those of its replica.
    const isThere = firing.some(({ labels: { __name__, alertstate, ...own } }) =>
      Object.entries(own).every(([label, value]) => labels[label] === value),
    );
    if (isThere) return { state: "fails", detail: "Prometheus still reports the alert" };
    return { state: "holds", detail };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { state: "unknown", detail: `${detail}, but ${why}` };
  }
}

/** Both parts of a precondition; the worse one counts. */
export async function lookAtPrecondition(
  ports: Ports,
  precondition: Precondition | null,
  target: Target,
): Promise<Look> {
  if (precondition === null) return { state: "holds", detail: "there is no precondition" };
  const { probe, expect, promql } = precondition;
  const looks = await Promise.all([
    ...(probe === undefined ? [] : [lookAtProbe(ports, probe, expect ?? {}, target)]),
    ...(promql === undefined ? [] : [lookAtQuery(ports, promql)]),
  ]);
  const worst =
    looks.find(({ state }) => state === "fails") ?? looks.find(({ state }) => state === "unknown");
  return worst ?? { state: "holds", detail: looks.map(({ detail }) => detail).join("; ") };
}

/** P8: why what was asked for is not needed any more, or null. */
export function whyOver(
  episode: Episode | null,
  confirmation: Confirmation,
  precondition: Look,
): string | null {
  if (episode?.status === "resolved") return ALERT_RESOLVED;
  if (confirmation === "absent") return ALERT_NOT_REPORTED;
  if (precondition.state === "fails")
    return `the precondition no longer holds: ${precondition.detail}`;
  return null;
}

/** What has to be known before a run and is not, or null. */
export function whyUnsure(confirmation: Confirmation, precondition: Look): string | null {
  if (confirmation === "unreachable")
    return "Alertmanager can't be asked whether the alert still fires";
  if (precondition.state === "unknown")
    return `the precondition can't be checked: ${precondition.detail}`;
  return null;
}

function withoutStop(text: string): string {
  return text.trim().replace(/\.$/, "");
}
