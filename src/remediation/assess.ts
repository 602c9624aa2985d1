import type { Labels, Severity } from "../incident/alert.ts";
import type { Trust } from "../incident/alert-group.ts";
import { maintenanceOf, openUntil } from "./maintenance.ts";
import type { Policy } from "./policy.ts";
import { isProtected } from "./policy.ts";
import type { Outcome, Reason, Risk, Verdict } from "./proposal.ts";

/** Everything the verdict rests on. What nobody could find out has its own value; it is never left out. */
export interface Facts {
  readonly declaredRisk: Risk;
  /** The resolved target's name. */
  readonly target: string;
  readonly severity: Severity | null;
  /** Of the alert; null where there is none. */
  readonly labels: Labels | null;
  /** Null where the file can't be read or is wrong. */
  readonly policy: Policy | null;
  readonly now: Date;
  readonly isAutohealingOn: boolean;
  /** What the alert's own source says when asked. */
  readonly sourceConfirmation: "confirmed" | "absent" | "unreachable" | "not_configured";
  readonly trust: Trust;
  readonly truncatedAlerts: number;
  /** False while some file of the runbook folder could not be loaded. */
  readonly isWhitelistComplete: boolean;
  /** How far the machine's clock was set back; until it has caught up, no time it names can be trusted. */
  readonly clockBehindMs: number;
  /** What protects the machine from this program and is not there; null where enough is. */
  readonly belowFloor: string | null;
  /** Configured sources that failed or are stale, by name. */
  readonly missingFacts: readonly string[];
  /** Who chose this action and its parameters. */
  readonly origin: "program" | "person" | "model" | "api";
  readonly hasAlert: boolean;
  /** Whether Countersign noticed the alert itself: nobody's rule has found it wanting. */
  readonly isNoticed: boolean;
  /** Whether something else was tried on this alert since it fires, and did not help. */
  readonly isNextStep: boolean;
  readonly history: History;
  readonly cooldownMs: number;
  readonly limit: { readonly runs: number; readonly windowMs: number } | null;
  /** Of the target, by `/maintenance`; what the policy says of it comes on top. */
  readonly maintenanceUntil: Date | null;
  /** Whether the record can be written: no record, no action. */
  readonly canRecord: boolean;
  /** Where everything is found out and nothing may run; null where it is meant. */
  readonly rehearsal: Rehearsal | null;
}

/** `drill`: the alert is not real. `shadow`: the policy lets nothing run. */
export type Rehearsal = "drill" | "shadow";

/** Of this action on this target, except where it says otherwise. */
export interface History {
  readonly lastRunAt: Date | null;
  readonly runsInLimitWindow: number;
  /** A run was cut short and nobody has looked at it yet. */
  readonly hasUnknownRun: boolean;
  readonly wasLastIneffective: boolean;
  /** Of all actions on all targets. */
  readonly runsLastHour: number;
  readonly breakerOpenUntil: Date | null;
  /** Whether somebody was told since the last failure that the breaker is open. */
  readonly isBreakerKnown: boolean;
  /** A limit took it from the program a while ago, and it has been needed ever since. */
  readonly isFlapping: boolean;
  /** The target on which this action failed a short while ago, where that is another one. */
  readonly failedOn: string | null;
  /** People let it run unasked on this target, and what they did so for is as it was. */
  readonly isGranted: boolean;
  /** Something is running on this target. */
  readonly isTargetBusy: boolean;
}

/** Whether this verdict is the one that takes it from the program: said once, however often it is needed after. */
export function isTripping({ outcome, reasons }: Verdict, facts: Facts): boolean {
  if (outcome !== "ask" || !facts.isAutohealingOn || facts.declaredRisk !== "low") return false;
  // What asked anyway, nobody takes from the program.
  if (reasons.some(({ rule }) => rule === "auto_off" || rule === "not_earned")) return false;
  const { isFlapping, isBreakerKnown } = facts.history;
  return reasons.some(
    ({ rule }) =>
      (rule === "limit" && !isFlapping) || (rule === "breaker" && !isFlapping && !isBreakerKnown),
  );
}

/** What a rule that applies has to say. A `note` is shown and changes nothing. */
interface Finding extends Reason {
  readonly effect: "deny" | "ask" | "note";
  readonly atLeast: Risk;
  /** For a denial that ends by itself. */
  readonly until?: Date;
  /** A denial that no waiting mends. */
  readonly isFinal?: boolean;
}

const RISKS: readonly Risk[] = ["low", "medium", "high"];
const CHOOSERS: Record<Facts["origin"], string> = {
  program: "Countersign",
  person: "A person",
  model: "A model",
  api: "Another program",
};
const TOLERATED_CLOCK_MS = 60_000;
const OUTCOMES: readonly Outcome[] = ["auto_run", "ask", "deny"];

const REHEARSALS: Record<Rehearsal, string> = {
  drill: "This is a drill",
  shadow: "Shadow mode is on (policy.yaml)",
};
const OTHERWISE = { auto_run: "run by itself", ask: "asked" } as const;

/** May this run? Starts at the declared risk, only ever raises it, and names every rule that applies. */
export function assess(facts: Facts): Verdict {
  const verdict = judge(facts);
  return facts.rehearsal === null ? verdict : rehearse(verdict, facts.rehearsal);
}

/** The answer is no, and the first reason says what it would have been. */
function rehearse({ outcome, reasons, ...verdict }: Verdict, rehearsal: Rehearsal): Verdict {
  if (outcome === "deny") return { ...verdict, outcome, reasons };
  const text = `${REHEARSALS[rehearsal]}: nothing runs, and nobody can approve it. Otherwise it would have ${OTHERWISE[outcome]}.`;
  return {
    ...verdict,
    outcome: "deny",
    reasons: [{ rule: `${rehearsal}_${outcome}`, text }, ...reasons],
  };
}

/** Whether nothing but a rehearsal denied it. */
export function isRehearsed({ outcome, reasons: [first] }: Verdict): boolean {
  return outcome === "deny" && /^(?:drill|shadow)_/.test(first?.rule ?? "");
}

function judge(facts: Facts): Verdict {
  const findings = [
    ...declared(facts),
    ...denials(facts),
    ...doubts(facts),
    ...circumstances(facts),
  ];
  const risk = most(RISKS, [facts.declaredRisk, ...findings.map(({ atLeast }) => atLeast)]);
  const outcome = most(
    OUTCOMES,
    findings.map(({ effect }) => (effect === "note" ? "auto_run" : effect)),
  );
  const ends = findings.flatMap(({ until }) => until?.getTime() ?? []);
  const isFinal = findings.some((finding) => finding.isFinal === true);
  return {
    outcome,
    risk,
    reasons: findings.map(({ rule, text }) => ({ rule, text })),
    until: isFinal || ends.length === 0 ? null : new Date(Math.max(...ends)),
  };
}

function declared({ declaredRisk }: Facts): Finding[] {
  const text = `The runbook calls this action ${declaredRisk} risk.`;
  const effect = declaredRisk === "low" ? "note" : "ask";
  return [{ rule: "declared_risk", text, effect, atLeast: declaredRisk }];
}

/** What denies everything on a target for now, whatever it is: asked once more when people decide. */
export function standstill(
  facts: Omit<Waiting, "policy"> & { readonly policy: Policy },
): string | null {
  return waits(facts)[0]?.text ?? null;
}

type Waiting = Pick<Facts, "policy" | "target" | "labels" | "now" | "maintenanceUntil">;

function waits({ policy, maintenanceUntil: maintenance, now, ...about }: Waiting): Finding[] {
  const { target } = about;
  const window = policy === null ? null : maintenanceOf(policy, about, now);
  const wait = (rule: string, what: string, until: Date): Finding => ({
    ...{ rule, effect: "deny", atLeast: "low", until },
    text: `${what} until ${clock(until)}; nothing runs before that.`,
  });
  return [
    ...(maintenance !== null && maintenance > now
      ? [wait("maintenance", `${target} is under maintenance`, maintenance)]
      : []),
    ...(window === null
      ? []
      : [wait("maintenance", `${target} is under maintenance ("${window.title}")`, window.until)]),
    ...(policy?.freeze ?? []).flatMap((freeze) => {
      const until = openUntil(freeze, now);
      return until === null ? [] : [wait("freeze", `Frozen for "${freeze.title}"`, until)];
    }),
  ];
}

function denials(facts: Facts): Finding[] {
  const { policy, target } = facts;
  const deny = (rule: string, text: string, isFinal: boolean, atLeast: Risk = "low"): Finding => ({
    ...{ rule, text, effect: "deny", isFinal, atLeast },
  });
  const isKnown = policy?.targets.some(({ name }) => name === target) ?? true;
  return [
    // Without a policy nobody knows what is protected, so the worst is assumed.
    ...when(policy === null, () =>
      deny("no_policy", "policy.yaml can't be read or is wrong, so nothing may run.", true, "high"),
    ),
    ...when(!isKnown, () =>
      deny("unknown_target", `"${target}" is not in the inventory of policy.yaml.`, true, "high"),
    ),
    ...when(!facts.canRecord, () =>
      deny("no_record", "The record can't be written: no record, no action.", true),
    ),
    ...when(facts.sourceConfirmation === "absent", () =>
      // No less than a source that can't be asked: a finding never lowers the risk another one would name.
      deny("alert_absent", "The alert's own source no longer reports it.", true, "medium"),
    ),
    ...when(facts.history.isTargetBusy, () =>
      deny("target_busy", `Another action is running on ${target}.`, false),
    ),
    ...waits(facts),
  ];
}

/** What is not known well enough to act on unasked: it raises the risk. */
function doubts(facts: Facts): Finding[] {
  const { policy, target, severity, trust, history } = facts;
  const doubt = (rule: string, text: string, atLeast: Risk = "medium"): Finding => ({
    ...{ rule, text, effect: "ask", atLeast },
  });
  const missing = facts.missingFacts.join(", ");
  const left = facts.truncatedAlerts;
  const isUnconfirmed = facts.sourceConfirmation === "not_configured";
  return [
    ...when(policy !== null && isProtected(policy, target), () =>
      doubt("protected_target", `${target} is on the list of protected targets.`, "high"),
    ),
    ...when(facts.hasAlert && severity !== "critical" && severity !== "warning", () =>
      doubt(
        "severity",
        `The severity is ${severity ?? "not known"}, neither critical nor warning.`,
      ),
    ),
    ...when(!facts.hasAlert, () => doubt("no_alert", "There is no alert behind this request.")),
    ...when(facts.isNoticed, () =>
      doubt("noticed", "Countersign noticed this itself; no rule of yours fires."),
    ),
    ...when(facts.origin !== "program", () =>
      doubt("chosen", `${CHOOSERS[facts.origin]} chose this action and its parameters.`),
    ),
    ...when(facts.sourceConfirmation === "unreachable", () =>
      doubt("source_unreachable", "The alert's own source can't be asked whether it still fires."),
    ),
    ...when(facts.hasAlert && isUnconfirmed && trust === "none", () =>
      doubt(
        "untrusted_sender",
        "The alert came without a key, and there is no source to ask about it.",
      ),
    ),
    ...when(left > 0, () => doubt("truncated_group", `The sender left out ${left} more alerts.`)),
    ...when(missing !== "", () => doubt("missing_facts", `No current facts from: ${missing}.`)),
    ...when(!facts.isWhitelistComplete, () =>
      doubt("incomplete_whitelist", "Some file of the runbook folder could not be loaded."),
    ),
    ...when(facts.clockBehindMs > TOLERATED_CLOCK_MS, () =>
      doubt(
        "clock",
        `The machine's clock was set back by ${Math.ceil(facts.clockBehindMs / 60_000)} min.`,
      ),
    ),
    ...when(history.hasUnknownRun, () =>
      doubt("unknown_run", `Nobody knows whether an earlier run on ${target} took effect.`),
    ),
    ...when(history.wasLastIneffective, () =>
      doubt("ineffective_run", `The last run of this action on ${target} did not help.`),
    ),
    ...when(facts.isNextStep, () =>
      doubt("next_step", "What was tried on this alert before did not help."),
    ),
  ];
}

/** What only takes the decision from the program: the action is as risky as it was. */
function circumstances({ policy, history, now, ...facts }: Facts): Finding[] {
  const { lastRunAt, runsInLimitWindow: runs, runsLastHour, breakerOpenUntil } = history;
  const { limit } = facts;
  const ask = (rule: string, text: string): Finding => ({
    ...{ rule, text, effect: "ask", atLeast: "low" },
  });
  const cooled = lastRunAt === null ? null : new Date(lastRunAt.getTime() + facts.cooldownMs);
  const perHour = policy?.limits.executionsPerHour ?? Number.POSITIVE_INFINITY;
  return [
    ...when(isBelieved(facts), () => ({
      ...ask(
        "unconfirmed",
        "No source is configured to confirm the alert; the webhook's word stands.",
      ),
      effect: "note",
    })),
    ...when(!facts.isAutohealingOn, () => ask("autohealing_off", "Auto-healing is off.")),
    ...when(facts.belowFloor !== null, () =>
      ask("sandbox", `The sandbox has a gap, so nothing runs unasked: ${facts.belowFloor}.`),
    ),
    ...when(policy?.approval.low.auto === false, () =>
      ask("auto_off", "policy.yaml lets no low risk action run unasked."),
    ),
    ...when(policy?.approval.low.auto === "earned" && !history.isGranted, () =>
      ask("not_earned", `It has not earned to run unasked on ${facts.target}.`),
    ),
    ...(cooled !== null && cooled > now
      ? [
          ask(
            "cooldown",
            `It ran a short while ago; it may run unasked again from ${clock(cooled)}.`,
          ),
        ]
      : []),
    ...(limit !== null && runs >= limit.runs
      ? [ask("limit", `It ran ${runs} times within its window; its limit is ${limit.runs}.`)]
      : []),
    ...when(runsLastHour >= perHour, () =>
      ask("hourly_limit", `In the last hour ${runsLastHour} actions ran; the limit is ${perHour}.`),
    ),
    ...(breakerOpenUntil !== null && breakerOpenUntil > now
      ? [
          ask(
            "breaker",
            `Too many runs failed; nothing runs unasked until ${clock(breakerOpenUntil)}.`,
          ),
        ]
      : []),
    ...when(history.isFlapping, () =>
      ask("flapping", "It is needed again and again; it runs unasked only after a calm while."),
    ),
    ...when(history.failedOn !== null, () =>
      ask("failed_elsewhere", `It failed on ${history.failedOn} a short while ago.`),
    ),
  ];
}

/** An alert that nobody can be asked about, from a sender that is known. */
function isBelieved({
  hasAlert,
  sourceConfirmation,
  trust,
}: Omit<Facts, "policy" | "history" | "now">) {
  return hasAlert && sourceConfirmation === "not_configured" && trust !== "none";
}

function when(holds: boolean, finding: () => Finding): Finding[] {
  return holds ? [finding()] : [];
}

function most<T>(order: readonly T[], found: readonly T[]): T {
  return order[Math.max(...found.map((one) => order.indexOf(one)))] as T;
}

function clock(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
