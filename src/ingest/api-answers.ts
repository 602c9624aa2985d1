import { z } from "zod";

/** What other programs read and get answered, as it stands in the JSON. */

/** What becomes T as JSON: a time may still be a date. */
export type Told<T> = T extends string
  ? string extends T
    ? T | Date
    : T
  : T extends readonly (infer Item)[]
    ? readonly Told<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Told<T[Key]> }
      : T;

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const Time = z.iso.datetime();
const Risk = z.enum(["low", "medium", "high"]);
const Severity = z.enum(["critical", "warning", "info"]);
const Confidence = z.enum(["low", "medium", "high"]);
const IncidentState = z.enum(["open", "acknowledged", "resolved"]);
const Labels = z.record(z.string(), z.string());
const Cites = list(z.string()).describe("ids of evidence");
const Reason = z.object({ rule: z.string(), text: z.string() });
const Verified = z.enum(["verified", "still_failing", "inconclusive"]).nullable();

const PLANNED = [
  ...(["pending", "approved", "executing", "succeeded", "failed", "unknown"] as const),
  ...(["rejected", "expired", "superseded", "cancelled"] as const),
] as const;
const RequestState = z.enum([...PLANNED, "denied"]);

const Cursor = z
  .string()
  .nullable()
  .describe("give it as `cursor` to get what comes after; null at the end");

export const Standing = z.object({
  status: z.enum(["ok", "degraded", "failing"]),
  autohealing: z.boolean(),
  openIncidents: z.int(),
  waitingRequests: z.int(),
});

const IncidentLine = z.object({
  id: z.string(),
  title: z.string(),
  where: z.string().describe("what its alerts are about; empty where nothing says so"),
  severity: Severity.nullable(),
  state: IncidentState,
  openedAt: Time,
  resolvedAt: Time.nullable(),
  alertCount: z.int(),
  request: z
    .object({ actionTitle: z.string(), state: RequestState, risk: Risk })
    .nullable()
    .describe("the newest one"),
});

export const IncidentPage = z.object({
  incidents: list(IncidentLine),
  total: z.int().describe("of all pages, counted up to 1,000"),
  next: Cursor,
});

/** What was proposed, decided, run and verified. What it printed stays with people. */
const RequestStory = z.object({
  request: z.string(),
  state: RequestState,
  risk: Risk,
  reasons: list(Reason),
  requester: z.string().nullable().describe("null where Countersign proposed it by itself"),
  runbook: z.string(),
  action: z.string(),
  title: z.string(),
  target: z.string().nullable(),
  createdAt: Time,
  endedAt: Time.nullable(),
  endReason: z.string().nullable(),
  execution: z
    .object({
      id: z.string(),
      state: z.enum(["claimed", "started", "finished", "timed_out", "unknown"]),
      startedAt: Time.nullable(),
      finishedAt: Time.nullable(),
      exitCode: z.int().nullable(),
    })
    .nullable(),
  verification: Verified,
});

const RequestLine = RequestStory.extend({ incident: z.string() });

export const RequestPage = z.object({ requests: list(RequestLine), next: Cursor });

export const ExecutionPage = z.object({ executions: list(RequestLine), next: Cursor });

export const Incident = z.object({
  id: z.string(),
  title: z.string(),
  severity: Severity.nullable(),
  state: IncidentState,
  openedAt: Time,
  resolvedAt: Time.nullable(),
  acknowledgedBy: z.string().nullable(),
  alerts: list(
    z.object({
      fingerprint: z.string(),
      status: z.enum(["firing", "resolved"]),
      startsAt: Time,
      labels: Labels,
      annotations: Labels,
    }),
  ),
  diagnosis: z
    .object({ by: z.literal("rules"), cause: z.string(), confidence: Confidence, cites: Cites })
    .nullable(),
  opinion: z
    .object({
      model: z.string(),
      cause: z.string(),
      impact: z.string(),
      impactCites: Cites,
      confidence: Confidence,
      cites: Cites,
      isInsufficient: z.boolean(),
      unsupported: list(z.string()).describe("what it states that stands in no evidence"),
      at: Time,
    })
    .nullable()
    .describe("of a model; it decides nothing"),
  evidence: list(
    z.object({
      id: z.string(),
      kind: z.enum(["alert", "promql", "logql", "probe", "change", "history", "kpi"]),
      title: z.string(),
      text: z.string(),
      status: z.enum(["found", "missing"]),
      collectedAt: Time,
    }),
  ),
  requests: list(RequestStory).describe("the newest first"),
  timeline: list(
    z.object({ seq: z.int(), at: Time, kind: z.string(), actor: z.string(), text: z.string() }),
  ),
});

const Runs = {
  runs: z.int(),
  verified: z.int(),
  stillFailing: z.int(),
  unknown: z.int(),
};

export const Runbooks = z.object({
  runbooks: list(z.object({ id: z.string(), title: z.string(), actions: z.int(), ...Runs })),
});

export const Runbook = z.object({
  id: z.string(),
  title: z.string(),
  sha256: z.string(),
  body: z.string().describe("Markdown"),
  match: list(z.string()),
  actions: list(
    z.object({
      id: z.string(),
      title: z.string(),
      risk: Risk,
      executor: z.string(),
      with: z.string(),
      targets: z.string(),
      params: list(z.string()),
      medianRecoveryMs: z.number().nullable(),
      outcome: z
        .object({ verdict: z.enum(["auto_run", "ask", "deny"]), why: list(z.string()) })
        .describe("before alert, target and history are looked at: those only make it stricter"),
      ...Runs,
    }),
  ),
});

const Spread = z.object({
  count: z.int(),
  medianMs: z.number().nullable(),
  p90Ms: z.number().nullable(),
});

export const Statistics = z.object({
  days: z.int(),
  incidents: z.int(),
  open: z.int().describe("of them, those that are not over"),
  byHour: list(z.int()).describe("by hour of the week in UTC, Monday 00:00 first"),
  noisiest: list(z.object({ title: z.string(), count: z.int() })),
  acknowledge: Spread,
  decide: Spread,
  recover: Spread,
  fixes: z.object({ resolved: z.int(), unasked: z.int(), approved: z.int() }),
  runs: z
    .object({ verified: z.int(), stillFailing: z.int(), others: z.int() })
    .describe("what came of them; others failed, were cut short, or nobody could say"),
  costUsd: z.number().describe("what models cost"),
});

/** What a program that proposed gets to know at once. */
export const Accepted = z.object({
  request: z.string().describe("the id to follow it by"),
  planCode: z.string().describe("the 8 hex digits that stand on the card"),
  verdict: z.literal("ask").describe("what a program proposes is always decided by people"),
  reasons: list(Reason),
  incident: z.string(),
});

export const Followed = z.object({
  request: z.string(),
  incident: z.string(),
  state: z.enum(PLANNED),
  planCode: z.string(),
  verdict: z.literal("ask"),
  risk: Risk,
  reasons: list(Reason),
  quorum: z.int(),
  approvals: z.int(),
  runbook: z.string(),
  action: z.string(),
  params: z.record(z.string(), z.string()),
  target: z.string(),
  createdAt: Time,
  expiresAt: Time,
  endedAt: Time.nullable(),
  endReason: z.string().nullable(),
  execution: z.object({ state: z.string(), exitCode: z.int().nullable() }).nullable(),
  verification: Verified,
});

export const Refused = z.object({
  status: z.literal("refused"),
  error: z.string(),
  problems: list(z.object({ path: z.string(), message: z.string() })).optional(),
  verdict: z.literal("deny").optional(),
  reasons: list(Reason).optional(),
});
