import { createHash } from "node:crypto";
import type { Labels } from "../incident/alert.ts";
import type { Period } from "../incident/report.ts";
import type { Matchers } from "./matchers.ts";
import { isMatch } from "./matchers.ts";
import type { OUTGOING_EVENTS, Role } from "./policy-file.ts";
import { ON_CALL, PolicyFile } from "./policy-file.ts";
import type { Reason, Target } from "./proposal.ts";

/** One human, on however many channels. */
export interface Person {
  readonly name: string;
  /** `viewer` is always among them. */
  readonly roles: readonly Role[];
  readonly accounts: { readonly telegram: readonly string[]; readonly slack: readonly string[] };
}

/** The ids of `TELEGRAM_ADMIN_IDS` and `SLACK_ADMIN_IDS`, the latter as team and member (`T01:U01`). */
export interface AdminIds {
  readonly telegram: readonly string[];
  readonly slack: readonly string[];
}

export interface ApprovalRule {
  /** A role, or one person's name. */
  readonly approvers: string;
  readonly quorum: number;
  /** These three count from the posting. */
  readonly remindMs: number;
  readonly escalateMs: number;
  readonly expiresMs: number;
  readonly isReasonRequired: boolean;
}

/** What an action has to show on a target before anybody is asked to let it run unasked there. */
export interface EarnRule {
  readonly verifiedInARow: number;
  readonly noneRejectedInMs: number;
}

/** A stretch of time in which one person is on call. */
export interface Duty {
  readonly person: string;
  readonly from: Date;
  readonly to: Date;
}

/** Who is called when nobody answers: each person for a week, in turn. It gives nobody a right. */
export interface Rota {
  readonly people: readonly string[];
  /** When the first of them takes over for the first time. */
  readonly starts: Date;
  readonly overrides: readonly Duty[];
}

/** It comes again and again, or is once. */
export type TimeWindow =
  | { readonly cron: string; readonly forMs: number }
  | { readonly from: Date; readonly to: Date };

export interface Freeze {
  readonly title: string;
  readonly cron: string;
  readonly forMs: number;
}

/** What `/maintenance` does, at set times: nothing runs there, and nobody is called. */
export interface MaintenanceWindow {
  readonly title: string;
  readonly when: TimeWindow;
  /** Names of the inventory; none where alerts are matched. */
  readonly targets: readonly string[];
  /** The alerts it is for; null where it is for targets. */
  readonly match: Matchers | null;
}

/** A window that is open. */
export interface Maintenance {
  readonly title: string;
  readonly until: Date;
}

export interface InventoryEntry extends Target {
  readonly aliases: readonly string[];
  readonly labels: Labels;
  /** The only runbook that may act on it. */
  readonly reservedFor: string | null;
}

/** Who may do what to which targets: the file with every default filled in. */
export interface Policy {
  /** SHA-256 of the file's bytes; of a fixed word where there is none. */
  readonly hash: string;
  readonly people: readonly Person[];
  readonly apiKeys: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly mayPropose: readonly string[];
  }[];
  readonly approval: {
    readonly low: { readonly auto: boolean | "earned"; readonly earned: EarnRule };
    readonly medium: ApprovalRule;
    readonly high: ApprovalRule;
  };
  /** To a role or a person; null for whoever the rota has on call. */
  readonly escalation: { readonly to: string | null };
  readonly rota: Rota | null;
  readonly soloMode: "auto" | boolean;
  readonly limits: {
    readonly executionsPerHour: number;
    readonly targetsPerPlan: number;
    readonly breaker: { readonly failures: number; readonly openMs: number };
  };
  readonly freeze: readonly Freeze[];
  readonly maintenance: readonly MaintenanceWindow[];
  /** Shadow mode: everything but the execution. Nothing runs, and nothing can be approved. */
  readonly isShadow: boolean;
  /** When the fallbacks are tried; null for never. */
  readonly drillCron: string | null;
  /** When each comes, by cron; null for never. */
  readonly reports: Readonly<Record<Period, string | null>>;
  /** When a shift is summed up beside the rota's handovers; null for never. */
  readonly handoverCron: string | null;
  readonly protected: readonly string[];
  readonly targets: readonly InventoryEntry[];
  readonly alerts: {
    readonly ignore: readonly { readonly match: Matchers; readonly deadmanMs: number | null }[];
    /** To channels, and to what stands under `outgoing`. */
    readonly route: readonly { readonly match: Matchers; readonly to: readonly string[] }[];
  };
  readonly outgoing: readonly Outgoing[];
}

/** An address of the owner's that is told of incidents. Nothing of an alert is in any part of it but the body. */
export interface Outgoing {
  readonly name: string;
  readonly url: string;
  readonly method: "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  /** JSON with placeholders in its texts; null for the whole incident. */
  readonly body: unknown;
  readonly tokenFile: string | null;
  readonly events: readonly (typeof OUTGOING_EVENTS)[number][];
}

/** What a policy depends on beside its file. */
export interface Surroundings {
  readonly adminIds: AdminIds;
  /** Where the built-in sandbox writes: an absolute path. */
  readonly dataDir: string;
}

/** The policy of an installation that has no `policy.yaml`. */
export function builtInPolicy(around: Surroundings): Policy {
  return effectivePolicy(PolicyFile.parse({}), "built-in policy", around);
}

export function effectivePolicy(
  file: PolicyFile,
  bytes: string | Uint8Array,
  around: Surroundings,
): Policy {
  const rule = ({
    remind,
    escalate,
    expires,
    reason,
    ...rest
  }: PolicyFile["approval"]["high"]) => ({
    ...rest,
    remindMs: remind,
    escalateMs: escalate,
    expiresMs: expires,
    isReasonRequired: reason === "required",
  });
  const { low, medium, high } = file.approval;
  const targets = inventoryOf(file, around.dataDir);
  const { handover: handoverCron, ...reports } = file.reports;

  return {
    hash: createHash("sha256").update(bytes).digest("hex"),
    people: file.people.length > 0 ? file.people.map(personOf) : [ownerOf(around.adminIds)],
    apiKeys: file.api_keys.map(({ may_propose: mayPropose, ...key }) => ({ ...key, mayPropose })),
    approval: { low: lowOf(low), medium: rule(medium), high: rule(high) },
    escalation: { to: file.escalation.to === ON_CALL ? null : file.escalation.to },
    rota: file.rota ?? null,
    soloMode: file.solo_mode,
    limits: {
      executionsPerHour: file.limits.executions_per_hour,
      targetsPerPlan: file.limits.targets_per_plan,
      breaker: { failures: file.limits.breaker.failures, openMs: file.limits.breaker.open },
    },
    freeze: file.freeze.map(({ for: forMs, ...freeze }) => ({ ...freeze, forMs })),
    maintenance: file.maintenance.map(({ match, ...window }) => ({
      ...window,
      targets: window.targets.flatMap((called) => namesOf(targets, called)),
      match: Object.keys(match).length === 0 ? null : match,
    })),
    isShadow: file.shadow,
    drillCron: file.drill?.cron ?? null,
    reports,
    handoverCron,
    protected: file.protected,
    targets,
    alerts: {
      ignore: file.alerts.ignore.map(({ match, deadman }) => ({
        match,
        deadmanMs: deadman ?? null,
      })),
      route: file.alerts.route,
    },
    outgoing: Object.entries(file.outgoing).map(
      ([name, { token_file: tokenFile, body, ...rest }]) => ({
        ...{ name, ...rest },
        body: body ?? null,
        tokenFile: tokenFile ?? null,
      }),
    ),
  };
}

function lowOf({ auto, earned }: PolicyFile["approval"]["low"]): Policy["approval"]["low"] {
  const { verified_in_a_row: verifiedInARow, none_rejected_in: noneRejectedInMs } = earned;
  return { auto, earned: { verifiedInARow, noneRejectedInMs } };
}

function personOf({ name, telegram, slack, roles }: PolicyFile["people"][number]): Person {
  return {
    name,
    roles: [...new Set<Role>(["viewer", ...roles])],
    accounts: {
      telegram: telegram === undefined ? [] : [String(telegram)],
      slack: slack === undefined ? [] : [slack],
    },
  };
}

/** Where nobody is listed, every admin id and the console's owner are one and the same person. */
function ownerOf(accounts: AdminIds): Person {
  return { name: "owner", roles: ["viewer", "operator", "approver", "admin"], accounts };
}

function inventoryOf(file: PolicyFile, dataDir: string): InventoryEntry[] {
  const listed = Object.entries(file.targets).map(
    ([name, { host, token_file: tokenFile, ...entry }]): InventoryEntry => ({
      ...entry,
      ...(tokenFile === undefined ? {} : { tokenFile }),
      name,
      host: host ?? (entry.executor === "systemd" ? "localhost" : name),
      directory: "/",
      reservedFor: null,
    }),
  );
  const taken = new Set(listed.flatMap(({ name, aliases }) => [name, ...aliases]));
  const sandbox: InventoryEntry = {
    name: "sandbox",
    host: "localhost",
    executor: "command",
    directory: dataDir,
    aliases: ["test-instance", "lab"].filter((alias) => !taken.has(alias)),
    labels: {},
    reservedFor: "test-alert",
  };
  return taken.has(sandbox.name) ? listed : [...listed, sandbox];
}

/** The entries of the inventory that go by this name or alias, whatever reaches them. */
export function namesOf(targets: readonly InventoryEntry[], called: string): string[] {
  return targets
    .filter(({ name, aliases }) => name === called || aliases.includes(called))
    .map(({ name }) => name);
}

/** The person behind an account; on the console the account is the person's own name. */
export function personByAccount(
  policy: Policy,
  channel: "telegram" | "slack" | "console",
  account: string,
): Person | null {
  const isTheirs = ({ name, accounts }: Person) =>
    channel === "console" ? name === account : accounts[channel].includes(account);
  return policy.people.find(isTheirs) ?? null;
}

/** The people meant by a role or by a person's name, as `approvers` and `escalation.to` use them. */
export function peopleWho(policy: Policy, who: string): Person[] {
  return policy.people.filter(
    ({ name, roles }) => name === who || roles.some((role) => role === who),
  );
}

/** Whether one person may approve what they asked for themselves, by the typed plan code. */
export function isSolo(policy: Policy): boolean {
  if (policy.soloMode !== "auto") return policy.soloMode;
  const { medium, high } = policy.approval;
  const approvers = [medium, high].flatMap((rule) => peopleWho(policy, rule.approvers));
  return new Set(approvers.map(({ name }) => name)).size === 1;
}

/** Under any of its names: a machine listed twice is protected in both places. */
export function isProtected(policy: Policy, name: string): boolean {
  const entry = policy.targets.find((target) => target.name === name);
  const names = [name, ...(entry === undefined ? [] : [hostNameOf(entry), ...entry.aliases])];
  return names.some((one) => policy.protected.includes(one));
}

/** Without the user that ssh takes, and without what else an address has around the machine's name. */
function hostNameOf({ host }: InventoryEntry): string {
  if (/^https?:/.test(host)) return new URL(host).hostname;
  return host.slice(host.indexOf("@") + 1);
}

export type Resolved =
  | { readonly ok: true; readonly target: InventoryEntry }
  | { readonly ok: false; readonly reason: Reason };

/** The one inventory entry for this executor with exactly this name, else with exactly this alias. */
export function resolveTarget(policy: Policy, text: string, executor: string): Resolved {
  const named = policy.targets.filter(({ name }) => name === text);
  const aliased = policy.targets.filter(({ aliases }) => aliases.includes(text));
  const fits = (entry: InventoryEntry) => entry.executor === executor;
  const [target, second] = named.some(fits) ? named.filter(fits) : aliased.filter(fits);
  const deny = (rule: string, why: string): Resolved => ({
    ok: false,
    reason: { rule, text: why },
  });

  if (second !== undefined) {
    return deny("ambiguous_target", `"${text}" is an alias of several targets for ${executor}.`);
  }
  if (target !== undefined) return { ok: true, target };

  const [other] = [...named, ...aliased];
  if (other !== undefined) {
    const theirs = `"${text}" is in the inventory for ${other.executor}, but this action needs ${executor}.`;
    return deny(
      "wrong_executor",
      `${theirs} Add a target with executor: ${executor} to policy.yaml.`,
    );
  }
  const line = `${text}: {executor: ${executor}}`;
  return deny(
    "unknown_target",
    `"${text}" is not in the inventory. Add to policy.yaml under targets: ${line}`,
  );
}

/** The first rule that ignores this alert, or null. */
export function ignoreRuleFor(
  policy: Policy,
  labels: Labels,
): Policy["alerts"]["ignore"][number] | null {
  return policy.alerts.ignore.find(({ match }) => isMatch(match, labels)) ?? null;
}

/** Where this alert is told; null where no route says so, which means every chat. */
export function routeOf(policy: Policy, labels: Labels): readonly string[] | null {
  return policy.alerts.route.find(({ match }) => isMatch(match, labels))?.to ?? null;
}
