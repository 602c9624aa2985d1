import type { AuditReport } from "./anchors.ts";
import { grantedOf } from "./autonomy.ts";
import type { Backtest, Result } from "./backtest.ts";
import type { Costs } from "./chat/desk.ts";
import { numbersOf } from "./chat/report-card.ts";
import { dateTime } from "./chat/text.ts";
import type { Config } from "./config.ts";
import type {
  Outcome,
  PatternsView,
  Reads,
  Runs,
  Statistics,
  TestAnswer,
  WhatIf,
  WhatIfWish,
} from "./console/reads.ts";
import { describe } from "./evidence/describe.ts";
import type { Drawing } from "./evidence/drawing.ts";
import type { Prometheus } from "./evidence/prometheus.ts";
import type { ActionOnTarget } from "./execution/execution.ts";
import type { Period, Report } from "./incident/report.ts";
import { PERIOD_MS } from "./incident/report.ts";
import { patternsOf } from "./patterns.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { ruleText } from "./remediation/earn.ts";
import { lastOf, maintenanceOf } from "./remediation/maintenance.ts";
import type { Matchers } from "./remediation/matchers.ts";
import { duties } from "./remediation/on-call.ts";
import type { Policy } from "./remediation/policy.ts";
import { isProtected, isSolo } from "./remediation/policy.ts";
import type { Action, Runbook } from "./remediation/runbook.ts";
import { isWayBack, paramsOf } from "./remediation/runbook.ts";
import { postIncident } from "./report/post-incident.ts";
import { graphOfReport } from "./report/report-graph.ts";
import { sayPatterns } from "./report/say-patterns.ts";
import type { Store } from "./store/store.ts";

const DIFFERENCES_SHOWN = 100;
const DAY_MS = 86_400_000;
const STATISTICS_DAYS = 30;
const DUTIES_SHOWN = 3;
/** What took a moment to count is fresh for a hundred moments: however often it is asked for, counting stays cheap. */
const FRESH_TIMES = 100;
const NO_RUNS: Runs = { runs: 0, verified: 0, stillFailing: 0, unknown: 0 };

export type SendTest = (severity: string) => Promise<{ incidentId: string | null; text: string }>;

interface Deps {
  readonly store: Store;
  readonly prometheus: Pick<Prometheus, "queryRange"> | null;
  readonly catalogue: Pick<Catalogue, "read">;
  readonly anchors: { seen(): Promise<AuditReport>; audit(): Promise<AuditReport> };
  readonly costs: () => Promise<Costs | null>;
  readonly config: Config;
  readonly now: () => Date;
  readonly sendTest: SendTest;
  /** Past alerts under the rules as they are now; null where auto-healing was as people had switched it. */
  readonly backtest: (since: Date, autohealing: boolean | null) => Promise<Backtest>;
  readonly drawing: Pick<Drawing, "svg">;
}

/** The console's pages for reading, fitted to the store, the runbook folder and the settings. */
export function createReads({
  store,
  catalogue,
  anchors,
  costs,
  config,
  now,
  ...deps
}: Deps): Reads {
  let changes = 0;
  store.subscribe(() => {
    changes += 1;
  });
  const untilChanged = <T>(tally: () => Promise<T>) => fresh(tally, () => changes);

  const statistics = untilChanged(count);
  const patterns = fresh(findAndSay);
  const reports = {
    day: untilChanged(() => reportOf("day")),
    week: untilChanged(() => reportOf("week")),
    month: untilChanged(() => reportOf("month")),
  };

  const whatIfs = new Map<string, () => Promise<WhatIf>>();

  /** Two who look at the same wait for one pass. */
  function whatIf({ days, autohealing }: WhatIfWish): Promise<WhatIf> {
    const key = `${days} ${autohealing}`;
    const pass =
      whatIfs.get(key) ??
      fresh(async () => {
        const since = new Date(now().getTime() - days * DAY_MS);
        return whatIfOf(await deps.backtest(since, autohealing === "on" ? true : null));
      });
    whatIfs.set(key, pass);
    return pass();
  }

  async function count(): Promise<Statistics> {
    const since = new Date(now().getTime() - STATISTICS_DAYS * DAY_MS);
    const found = await store.statistics.tally(since, now());
    const spent = await costs();
    return { ...found, days: STATISTICS_DAYS, costs: spent };
  }

  async function reportOf(period: Period): Promise<Report> {
    return await store.statistics.report(now(), PERIOD_MS[period]);
  }

  async function findAndSay(): Promise<PatternsView> {
    const found = await patternsOf({ store, prometheus: deps.prometheus, now });
    const { from, to, alerts } = found;
    return { from, to, alerts, ...sayPatterns(found) };
  }

  async function circumstances(): Promise<Circumstances> {
    const { isOn } = await store.switches.autohealing();
    return { isAutohealingOn: isOn, granted: await grantedOf({ grants: store.grants, catalogue }) };
  }

  return {
    async runbooks() {
      const runs = byName(await store.statistics.runsByRunbook());
      return catalogue.read().runbooks.map(({ id, title, actions }) => ({
        ...(runs.get(id) ?? NO_RUNS),
        ...{ id, title },
        actions: actions.length,
      }));
    },
    async runbook(id) {
      const { runbooks, policy } = catalogue.read();
      const runbook = runbooks.find((one) => one.id === id);
      if (runbook === undefined) return null;
      const records = await store.executions.recordOf(id);
      const runs = byName(records.map(({ actionId: name, ...of }) => ({ name, ...of })));
      const medians = await store.statistics.medianRecoveries(id);
      const around = await circumstances();
      return {
        id,
        title: runbook.title,
        sha256: runbook.sha256,
        body: runbook.body,
        match: matchOf(runbook),
        known: runbooks.map((one) => one.id),
        actions: runbook.actions.map((action) => ({
          ...(runs.get(action.id) ?? NO_RUNS),
          id: action.id,
          title: action.title,
          risk: action.risk,
          executor: action.executor,
          with: JSON.stringify(action.with, null, 1),
          targets: policy === null ? "" : targetsOf(policy, runbook, action).join(", "),
          params: Object.entries(paramsOf(runbook, action)).map(
            ([name, { from, pattern }]) => `${name}: from ${from.join(" or ")}, ${pattern}`,
          ),
          medianRecoveryMs: medians[action.id] ?? null,
          outcome: outcomeOf(policy, runbook, action, around),
        })),
      };
    },
    async targets() {
      const { policy } = catalogue.read();
      if (policy === null) return null;
      const runs = byName(await store.statistics.runsByTarget());
      return await Promise.all(
        policy.targets.map(async ({ name, executor, host, aliases, labels, reservedFor }) => ({
          ...(runs.get(name) ?? NO_RUNS),
          ...{ name, executor, host, aliases, reservedFor },
          labels: Object.entries(labels).map(([label, value]) => `${label}=${value}`),
          isProtected: isProtected(policy, name),
          maintenanceUntil: lastOf([
            await store.switches.maintenanceUntil(name),
            maintenanceOf(policy, { target: name, labels: null }, now())?.until,
          ]),
        })),
      );
    },
    async policy() {
      const { policy, runbooks } = catalogue.read();
      if (policy === null) return null;
      const around = await circumstances();
      return {
        hash: policy.hash,
        people: policy.people.map(({ name, roles, accounts }) => ({
          ...{ name, roles },
          channels: [
            "console",
            ...(accounts.telegram.length > 0 ? ["Telegram"] : []),
            ...(accounts.slack.length > 0 ? ["Slack"] : []),
          ],
        })),
        rules: [...rulesOf(policy), ...onCallRules(policy, now()), ...maintenanceRules(policy)],
        freezes: policy.freeze.map(({ title, cron, forMs }) => ({
          title,
          text: `${cron}, for ${inWords(forMs)}`,
        })),
        actions: runbooks.flatMap((runbook) =>
          runbook.actions.map((action) => ({
            runbookId: runbook.id,
            title: action.title,
            risk: action.risk,
            outcome: outcomeOf(policy, runbook, action, around),
          })),
        ),
      };
    },
    statistics,
    patterns,
    async report(period) {
      const report = await reports[period]();
      return { report, numbers: numbersOf(report), alt: describe(graphOfReport(report)) };
    },
    postIncident: (view, timeline) => postIncident(view, timeline, config.publicUrl),
    reportGraph: async (period, theme) =>
      await deps.drawing.svg(graphOfReport(await reports[period]()), theme),
    async record(before) {
      const { head, lastAnchor, checked, isChecking } = await anchors.seen();
      return {
        entries: await store.statistics.recordPage(before),
        head,
        lastAnchor: lastAnchor && { seq: lastAnchor.seq, at: new Date(lastAnchor.at) },
        checked: checked && {
          at: checked.at,
          entries: checked.entries,
          firstBroken: checked.firstBroken,
          missed: checked.missed.length,
        },
        isChecking,
      };
    },
    async verifyRecord() {
      await anchors.audit();
    },
    whatIf,
    settings: () => settingsOf(config),
    async sendTest({ severity, person }): Promise<TestAnswer> {
      if (!person.roles.includes("operator")) {
        const refusal = { reason: "no_role", channel: "console", chat: "console" };
        await store.refusals.note({ ...refusal, accountId: person.name });
        return { outcome: "refused", text: "Sending a test alert takes the role operator." };
      }
      try {
        return { outcome: "sent", ...(await deps.sendTest(severity)) };
      } catch (error) {
        return { outcome: "refused", text: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

function whatIfOf({ alerts, would, was, runs }: Backtest): WhatIf {
  const result = ({ outcome, title, target, reasons: [first] }: Result) => ({
    ...{ outcome, title, target },
    why: first?.text ?? null,
  });
  const differing = alerts.filter(({ isDifferent }) => isDifferent);
  return {
    total: alerts.length,
    ...{ would, was: was ?? would, runs, differing: differing.length },
    differences: differing
      .slice(-DIFFERENCES_SHOWN)
      .reverse()
      .map((one) => ({ ...one, would: result(one.would), was: one.was && result(one.was) })),
  };
}

/** One count at a time; its answer serves until it is due again, or what it was counted from has changed. */
function fresh<T>(count: () => Promise<T>, changes = () => 0): () => Promise<T> {
  let last: Promise<T> | null = null;
  let dueAt = 0;
  let countedAt = 0;
  return () => {
    if (last !== null && performance.now() < dueAt && changes() === countedAt) return last;
    const began = performance.now();
    countedAt = changes();
    dueAt = Number.POSITIVE_INFINITY;
    last = count().finally(() => {
      const ended = performance.now();
      dueAt = ended + FRESH_TIMES * (ended - began);
    });
    last.catch(() => {
      last = null;
    });
    return last;
  };
}

function byName(rows: readonly (Runs & { name: string })[]): Map<string, Runs> {
  return new Map(rows.map(({ name, ...runs }) => [name, runs]));
}

function matchOf({ match }: Runbook): string[] {
  const all = Object.entries(match).map(([label, value]) => `${label} = ${JSON.stringify(value)}`);
  return all.length > 0 ? all : ["every alert that no other runbook matches"];
}

/** The inventory entries that an action may touch now. */
function targetsOf(policy: Policy, runbook: Runbook, { executor, targets }: Action): string[] {
  return policy.targets
    .filter((target) => target.executor === executor)
    .filter(({ name, labels, reservedFor }) => {
      if (reservedFor !== null && reservedFor !== runbook.id) return false;
      if (Array.isArray(targets)) return targets.includes(name);
      const wanted = targets === "all" ? [] : Object.entries(targets.labels);
      return wanted.every(([label, value]) => labels[label] === value);
    })
    .map(({ name }) => name);
}

interface Circumstances {
  readonly isAutohealingOn: boolean;
  /** What has earned to run unasked, where that has to be earned. */
  readonly granted: readonly ActionOnTarget[];
}

/** The first rules of the verdict, those that need no alert: what comes after can only be stricter. */
function outcomeOf(
  policy: Policy | null,
  runbook: Runbook,
  action: Action,
  { isAutohealingOn, granted: all }: Circumstances,
): Outcome {
  if (policy === null) return { verdict: "deny", why: ["policy.yaml can't be read."] };
  const targets = targetsOf(policy, runbook, action);
  if (targets.length === 0) {
    const why = `The inventory has no target for ${action.executor} that it may touch.`;
    return { verdict: "deny", why: [why] };
  }
  if (policy.isShadow) {
    return {
      verdict: "deny",
      why: ["Shadow mode is on: nothing runs, and nothing can be approved."],
    };
  }
  const granted = all
    .filter(({ runbookId, actionId }) => runbookId === runbook.id && actionId === action.id)
    .map(({ target }) => target);
  const why: string[] = [];
  if (action.risk !== "low") why.push(`Its runbook declares it ${action.risk}.`);
  if (isWayBack(runbook, action.id)) why.push("It is there to undo another action.");
  const { auto } = policy.approval.low;
  if (auto === false) why.push("The policy lets no low risk run unasked.");
  if (auto === "earned" && granted.length === 0) {
    why.push("It has not earned to run unasked on any target.");
  }
  if (!isAutohealingOn) why.push("Auto-healing is off.");
  const guarded = targets.filter((name) => isProtected(policy, name));
  if (guarded.length === targets.length) why.push("Its targets are protected: that is high risk.");
  if (why.length > 0) return { verdict: "ask", why };
  const some = guarded.length > 0 ? [`On ${guarded.join(", ")} it asks: protected.`] : [];
  const only = auto === "earned" ? [`It has earned it on ${granted.join(", ")} only.`] : [];
  return { verdict: "auto_run", why: ["Low risk, and auto-healing is on.", ...only, ...some] };
}

function rulesOf(policy: Policy): { name: string; text: string }[] {
  const { approval, limits, escalation } = policy;
  const rule = ({ approvers, quorum, expiresMs, isReasonRequired }: (typeof approval)["high"]) =>
    `${quorum === 1 ? "one of" : `${quorum} of`} ${approvers}, within ${inWords(expiresMs)}${isReasonRequired ? ", with a reason" : ""}`;
  const solo = isSolo(policy)
    ? "on: one person decides alone, by typing the plan code where two would be needed"
    : "off: nobody approves what they asked for";
  const breaker = `${limits.breaker.failures} failures in a row stop an action for ${inWords(limits.breaker.openMs)}`;
  const shadow = policy.isShadow
    ? [{ name: "Shadow mode", text: "on: nothing runs, and nothing can be approved" }]
    : [];
  return [
    ...shadow,
    {
      name: "Low risk",
      text: lowText(approval.low),
    },
    { name: "Medium risk", text: rule(approval.medium) },
    { name: "High risk", text: rule(approval.high) },
    { name: "Solo mode", text: `${solo}${policy.soloMode === "auto" ? " (auto)" : ""}` },
    {
      name: "Nobody answers",
      text: `reminded after ${inWords(approval.high.remindMs)}, then ${escalation.to ?? "whoever is on call"} after ${inWords(approval.high.escalateMs)} (high risk)`,
    },
    { name: "Most runs an hour", text: String(limits.executionsPerHour) },
    { name: "Breaker", text: breaker },
    { name: "Protected", text: policy.protected.join(", ") || "nothing" },
  ];
}

function onCallRules({ rota }: Policy, now: Date): { name: string; text: string }[] {
  if (rota === null) return [];
  const { people, starts } = rota;
  const day = starts.toLocaleDateString("en", { weekday: "long" });
  const hour = starts.toLocaleTimeString("en", { timeStyle: "short", hour12: false });
  const turns = duties(rota, now, DUTIES_SHOWN);
  return [
    {
      name: "On call",
      text: turns.map(({ person, to }) => `${person} until ${dateTime(to, "UTC")}`).join(", then "),
    },
    {
      name: "Rota",
      text: `${people.join(", ")}: a week each, from ${day} ${hour} of this machine`,
    },
  ];
}

function maintenanceRules({ maintenance }: Policy): { name: string; text: string }[] {
  return maintenance.map(({ title, when, targets, match }) => {
    const what = match === null ? targets.join(", ") : `alerts with ${matchText(match)}`;
    const times =
      "cron" in when
        ? `${when.cron}, for ${inWords(when.forMs)}`
        : `${dateTime(when.from, "UTC")} to ${dateTime(when.to, "UTC")}`;
    return { name: `Maintenance: ${title}`, text: `${what}; ${times}` };
  });
}

function matchText(match: Matchers): string {
  const said = Object.entries(match).map(
    ([label, values]) => `${label}=${values.map(({ text }) => text).join("|")}`,
  );
  return said.join(" ");
}

function lowText({ auto, earned }: Policy["approval"]["low"]): string {
  if (auto === "earned") {
    return `asks, until it has earned to run unasked on a target (${ruleText(earned)}) and people agree`;
  }
  return auto ? "runs unasked while auto-healing is on" : "asks";
}

function inWords(ms: number): string {
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ] as const;
  const parts = units.flatMap(([size, unit], at) => {
    const above = at === 0 ? Number.POSITIVE_INFINITY : (units[at - 1]?.[0] ?? 1);
    const amount = Math.floor((ms % above) / size);
    return amount === 0 ? [] : [`${amount} ${unit}`];
  });
  return parts.join(" ") || "no time";
}

/** What is in effect, by the name it is set by; of a secret only whether there is one. */
function settingsOf(config: Config): { name: string; value: string }[] {
  const secret = (value: unknown) =>
    value === null || value === "" ? "not set" : "set, not shown";
  const { telegram, slack, llm } = config;
  const lines: [string, string][] = [
    ["PROMETHEUS_WEBHOOK_HOST and _PORT", `${config.host}:${config.port}`],
    ["PROMETHEUS_WEBHOOK_PATH", config.webhookPath],
    ["PROMETHEUS_API_KEY", config.webhookKeys.length > 0 ? "set, not shown" : "not set"],
    ["GRAFANA_WEBHOOK_SECRET", secret(config.grafanaSecret)],
    ["ALERT_DEDUP_WINDOW", inWords(config.dedupWindowMs)],
    ["COUNTERSIGN_PUBLIC_URL", config.publicUrl],
    ["COUNTERSIGN_CHAT_SIGN_IN", config.allowsChatSignIn ? "on" : "off"],
    ["DATABASE_URL", `sqlite:${config.databasePath}`],
    ["RUNBOOKS_DIR", config.runbooksDir],
    ["TELEGRAM_BOT_TOKEN", secret(telegram?.token ?? null)],
    ["TELEGRAM_CHAT_ID", telegram?.chatId ?? "not set"],
    ["SLACK_BOT_TOKEN", secret(slack?.token ?? null)],
    ["SLACK_CHANNEL", slack?.channel ?? "not set"],
    ["PROMETHEUS_URL", config.prometheus?.url ?? "not set"],
    ["ALERTMANAGER_URL", config.alertmanager?.url ?? "not set"],
    ["PAGERDUTY_ROUTING_KEY", secret(config.pagerDuty?.routingKey ?? null)],
    ["LLM_PROVIDER", llm === null ? "none" : `${llm.provider}, ${llm.model}`],
    ["LLM_DAILY_BUDGET_USD", llm === null ? "no model is configured" : String(llm.limits.dailyUsd)],
    ["PROXMOX_URL", config.proxmox?.url ?? "not set"],
    ["DOCKER_HOST", config.dockerHost],
    ["COUNTERSIGN_LOG_LEVEL", config.logLevel],
  ];
  return lines.map(([name, value]) => ({ name, value }));
}
