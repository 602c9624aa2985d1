import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PlannedRequest } from "./approval/approval.ts";
import type { ModelCall } from "./diagnosis/spending.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900];

/** What Countersign says of itself at `/metrics`; labels are few and their values known. */
export function createMetrics(
  depths: () => Promise<Readonly<Record<string, number>>>,
  recordHead: () => Promise<{ seq: number; hash: string }> = () =>
    Promise.resolve({ seq: 0, hash: "" }),
) {
  const registry = new Registry();
  const registers = [registry];
  // Every ten milliseconds, as by default, is a wake-up for nothing on a small machine.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `countersign_${name}`, help, labelNames, registers });
  const seconds = (name: string, help: string, labelNames: string[] = []) =>
    new Histogram({ name: `countersign_${name}`, help, labelNames, buckets: SECONDS, registers });

  const received = counter("alerts_received_total", "Alerts accepted, on disk before the answer");
  const deduplicated = counter("alerts_deduplicated_total", "Alerts that said nothing new");
  // Exported so that an alert rule can be written on it; nothing in the program can count it up.
  counter("alerts_lost_total", "Acknowledged alerts that were lost: always 0").inc(0);
  const refused = counter("refused_total", "Refused attempts", ["reason"]);
  const chatFailures = counter("chat_failures_total", "Calls that a chat did not carry out", [
    "channel",
    "kind",
  ]);
  const executions = counter("executions_total", "Finished runs", ["outcome"]);
  for (const outcome of ["succeeded", "failed", "timed_out", "unknown"]) {
    executions.inc({ outcome }, 0);
  }
  const calls = counter("llm_calls_total", "Calls to a language model", ["outcome"]);
  calls.inc({ outcome: "answered" }, 0);
  const tokens = counter("llm_tokens_total", "Tokens read and written by it", ["kind"]);
  tokens.inc({ kind: "input" }, 0);
  const dollars = counter("llm_cost_usd_total", "US dollars they cost");
  dollars.inc(0);
  const toCard = seconds("alert_to_card_seconds", "From the alert to its first card", ["channel"]);
  const toDiagnosis = seconds("alert_to_diagnosis_seconds", "From the alert to its diagnosis");
  const toDecision = seconds("alert_to_decision_seconds", "From the alert to a decision");
  // The share of decisions within three seconds tells who presses without reading.
  const toAnswer = new Histogram({
    name: "countersign_request_to_decision_seconds",
    help: "From the request to a person's decision",
    buckets: [1, 3, 10, 30, 60, 180, 600, 1800],
    registers,
  });
  const toRecovery = seconds("alert_to_recovery_seconds", "From the alert to a verified fix");
  const depth: Gauge = new Gauge({
    name: "countersign_queue_depth",
    help: "Steps in the queue",
    labelNames: ["queue"],
    registers,
    async collect() {
      depth.reset();
      for (const [queue, steps] of Object.entries(await depths())) depth.set({ queue }, steps);
    },
  });

  // An anchor in somebody else's database. A hash as a label would be a new series an entry: 48 bits of it are a number.
  const headHash: Gauge = new Gauge({
    name: "countersign_record_head_hash",
    help: "The first 12 hex digits of the hash of the record's newest entry, as a number",
    registers,
  });
  const headSeq: Gauge = new Gauge({
    name: "countersign_record_head_entry",
    help: "The number of the record's newest entry",
    registers,
    async collect() {
      const { seq, hash } = await recordHead();
      headSeq.set(seq);
      headHash.set(Number.parseInt(hash.slice(0, 12) || "0", 16));
    },
  });

  // One number, whatever fires: a label for each incident would be a series for each that ever was.
  const anomaly = new Gauge({
    name: "countersign_anomaly_score",
    help: "The largest deviation measured of any open incident, where 1 is what stands out",
    registers,
  });

  const since = (start: Date, end: Date) => Math.max(0, end.getTime() - start.getTime()) / 1000;
  return {
    accepted(alerts: { received: number; deduplicated: number }): void {
      received.inc(alerts.received);
      deduplicated.inc(alerts.deduplicated);
    },
    refused: (reason: string) => refused.inc({ reason }),
    chatFailed: (channel: string, kind: string) => chatFailures.inc({ channel, kind }),
    executed: (outcome: string) => executions.inc({ outcome }),
    carded: (channel: string, start: Date, end: Date) =>
      toCard.observe({ channel }, since(start, end)),
    diagnosed: (start: Date, end: Date) => toDiagnosis.observe(since(start, end)),
    decided({ plan, createdAt }: PlannedRequest, end: Date): void {
      if (plan.episode !== null) toDecision.observe(since(new Date(plan.episode.startsAt), end));
      toAnswer.observe(since(createdAt, end));
    },
    spent({ usage, costUsd, failure }: ModelCall): void {
      calls.inc({ outcome: failure ?? "answered" });
      tokens.inc({ kind: "input" }, usage.input);
      tokens.inc({ kind: "output" }, usage.output);
      tokens.inc({ kind: "cache_read" }, usage.cacheRead);
      tokens.inc({ kind: "cache_write" }, usage.cacheWrite);
      dollars.inc(costUsd);
    },
    recovered: (start: Date, end: Date) => toRecovery.observe(since(start, end)),
    anomaly: (score: number) => anomaly.set(score),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
