import { z } from "zod";
import { Duration } from "./duration.ts";
import type { Kpi } from "./kpi.ts";
import { compile, Matchers } from "./matchers.ts";
import type { Policy } from "./policy.ts";
import type { Watch } from "./watch.ts";
import type { Problem } from "./yaml.ts";

/**
 * A runbook is a reviewed file: when it applies, what to look at, what may be done.
 * Nothing that is not written in one can run.
 */
export const ExecutorName = z.enum([
  "docker",
  "systemd",
  "process",
  "ssh",
  "command",
  "http",
  "proxmox",
  "kubernetes",
  "ansible",
]);
export type ExecutorName = z.output<typeof ExecutorName>;

const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower case letters, digits and dashes");

const ParamSource = z
  .string()
  .regex(/^(?:labels|annotations)\..+$/, 'must be "labels.x" or "annotations.x"');

export const Param = z.strictObject({
  from: z
    .union([ParamSource, z.array(ParamSource).min(1)], {
      error: 'must be "labels.x", "annotations.x" or a list of these',
    })
    .transform((sources) => [sources].flat()),
  pattern: z.string().refine((pattern) => compile(pattern) !== null, {
    error: "does not compile as a regular expression",
  }),
  default: z.string().optional(),
});
export type Param = z.output<typeof Param>;
export type Params = Readonly<Record<string, Param>>;

const ParamMap = z.record(
  z.string().regex(/^[a-z_]\w*$/i, "must be a name of letters, digits and underscores"),
  Param,
);

const With = z.record(z.string(), z.unknown());

export const Probe = z.strictObject({ executor: ExecutorName, with: With });
export type Probe = z.output<typeof Probe>;

const Fact = z.union([z.string(), z.int(), z.boolean()], { error: "must be a text" });
/** Facts by name, each with the values that will do. */
const Expect = z.record(
  z.string(),
  z.union([Fact, z.array(Fact).min(1)], { error: "must be a text or a list of texts" }).transform(
    (values) => [values].flat().map(String), //
  ),
);

const Query = z.string().min(1, "must not be empty");

const Evidence = z
  .strictObject({
    id: Id,
    title: z.string(),
    promql: Query.optional(),
    logql: Query.optional(),
    probe: Probe.optional(),
  })
  .refine((item) => [item.promql, item.logql, item.probe].filter(isGiven).length === 1, {
    error: "needs exactly one of promql, logql and probe",
  });
export type Evidence = z.output<typeof Evidence>;

const Precondition = z
  .strictObject({ probe: Probe.optional(), expect: Expect.optional(), promql: Query.optional() })
  .refine((check) => isGiven(check.probe) === isGiven(check.expect), {
    error: "needs probe and expect together",
  })
  .refine((check) => isGiven(check.probe) || isGiven(check.promql), {
    error: "needs a probe with expect, or promql, or both",
  });
export type Precondition = z.output<typeof Precondition>;

const Verify = z
  .strictObject({
    alert: z.literal("resolved").optional(),
    promql: Query.optional(),
    probe: Probe.optional(),
    expect: Expect.optional(),
    within: Duration.default(300_000),
  })
  .refine((check) => isGiven(check.probe) === isGiven(check.expect), {
    error: "needs probe and expect together",
  })
  .transform(({ within, ...checks }) => {
    const hasCheck = isGiven(checks.alert) || isGiven(checks.promql) || isGiven(checks.probe);
    return { ...checks, ...(hasCheck ? {} : { alert: "resolved" as const }), withinMs: within };
  });
export type Verify = z.output<typeof Verify>;

const TargetName = z.string().min(1);

/** Which inventory entries an action may touch; a list may be empty, and then it may touch none. */
const Targets = z.union(
  [
    z.literal("all"),
    z.array(TargetName),
    z.strictObject({ labels: z.record(z.string(), z.string()) }),
  ],
  { error: "must be all, a list of target names, or {labels: {name: value}}" },
);

const Limit = z.string({ error: "must look like 3/1h" }).transform((text, context) => {
  const [, runs, window = ""] = /^(\d{1,6})\/(.+)$/.exec(text) ?? [];
  const parsed = Duration.safeParse(window);
  if (runs !== undefined && parsed.success) return { runs: Number(runs), windowMs: parsed.data };
  context.addIssue({ code: "custom", message: "must look like 3/1h" });
  return z.NEVER;
});

/** The way back: another action of the same runbook, asked for by people unless `auto` says otherwise. */
const Rollback = z
  .union([z.string(), z.strictObject({ action: z.string(), auto: z.boolean().default(false) })], {
    error: "must be none, an action of this runbook, or {action: id, auto: true}",
  })
  .transform((rollback) => {
    if (typeof rollback !== "string") return { action: rollback.action, isAuto: rollback.auto };
    return rollback === "none" ? null : { action: rollback, isAuto: false };
  });

export const Action = z
  .strictObject({
    id: Id,
    title: z.string().min(1),
    risk: z.enum(["low", "medium", "high"]),
    executor: ExecutorName,
    with: With,
    params: ParamMap.default({}),
    when: Matchers.default({}),
    target: z.string().min(1).optional(),
    targets: Targets.default([]),
    precondition: Precondition.optional(),
    verify: Verify.prefault({}),
    rollback: Rollback.prefault("none"),
    cooldown: Duration.default(0),
    limit: Limit.optional(),
    timeout: Duration.default(60_000),
    silence: Duration.optional(),
    dry_run: z.strictObject({ with: With }).optional(),
    /** Instead of those the policy names: a role, or one person's name. */
    approvers: z.string().min(1).optional(),
  })
  .transform(({ cooldown, timeout, silence, limit, rollback, dry_run, ...action }) => ({
    ...action,
    rollback,
    cooldownMs: cooldown,
    limit: limit ?? null,
    timeoutMs: timeout,
    silenceMs: silence ?? null,
    dryRun: dry_run ?? null,
  }));
export type Action = z.output<typeof Action>;

export const RunbookHead = z.strictObject({
  id: Id,
  title: z.string().min(1),
  match: Matchers,
  params: ParamMap.default({}),
  evidence: z.array(Evidence).default([]),
  actions: z.array(Action).default([]),
});
export type RunbookHead = z.output<typeof RunbookHead>;

export interface Runbook extends RunbookHead {
  /** Of the file's bytes, 64 hex digits. */
  readonly sha256: string;
  /** The prose under the front matter. */
  readonly body: string;
}

/** Everything that may happen, as the runbook folder says at this moment. */
export interface Whitelist {
  /** In the order of their file names. */
  readonly runbooks: readonly Runbook[];
  /** Null while `policy.yaml` can't be read or is wrong: then nothing may run, and nobody may decide. */
  readonly policy: Policy | null;
  /** What the business notices; none where the file is not there or can't be read. */
  readonly kpis: readonly Kpi[];
  /** Null while `watch.yaml` can't be read. */
  readonly watches: readonly Watch[] | null;
  /** Everything wrong in the folder, the policy's problems included. */
  readonly problems: readonly Problem[];
}

/** `match: {}` is for alerts that no other runbook matches. */
export function isFallback(runbook: RunbookHead): boolean {
  return Object.keys(runbook.match).length === 0;
}

export function actionOf(runbook: RunbookHead, actionId: string): Action | null {
  return runbook.actions.find((action) => action.id === actionId) ?? null;
}

/** Whether it is there to undo others: then it is no fix, and never offered as one. */
export function isWayBack(runbook: RunbookHead, actionId: string): boolean {
  return runbook.actions.some(({ rollback }) => rollback?.action === actionId);
}

/** The runbook's parameters with the action's own, which win. */
export function paramsOf(runbook: RunbookHead, action: Action | null): Params {
  return { ...runbook.params, ...action?.params };
}

function isGiven(value: unknown): boolean {
  return value !== undefined;
}
