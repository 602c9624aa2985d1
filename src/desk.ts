import type { Channel, Person, PlannedRequest, Ruling } from "./approval/approval.ts";
import { decidersOf } from "./approval/approval.ts";
import { decide, mayDecide } from "./approval/decide.ts";
import { autonomyOf } from "./autonomy.ts";
import type {
  AutohealingChange,
  DecisionAttempt,
  Desk,
  EditAnswer,
  Editable,
  EditWish,
  RunAnswer,
  RunWish,
  UnaskedAction,
} from "./chat/desk.ts";
import { autohealingText, editText } from "./chat/wording.ts";
import type { Desk as ConsoleDesk } from "./console/ports.ts";
import { WITHIN_DAYS } from "./console/ports.ts";
import type { ActionOnTarget } from "./execution/execution.ts";
import { handoverNow } from "./handovers.ts";
import type { HealthReport } from "./health.ts";
import type { Episode } from "./incident/alert.ts";
import type { Metrics } from "./metrics.ts";
import { standstill } from "./remediation/assess.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { duties } from "./remediation/on-call.ts";
import type { Policy } from "./remediation/policy.ts";
import { isSolo, personByAccount } from "./remediation/policy.ts";
import type { Runbook } from "./remediation/runbook.ts";
import { paramsOf } from "./remediation/runbook.ts";
import type { Autonomy } from "./remediation/track-record.ts";
import type { Asked, Trial, Wish } from "./responder/ask.ts";
import type { EditWish as Edit, Edited } from "./responder/edit.ts";
import type { Sight } from "./responder/look-now.ts";
import type { Silenced } from "./responder/silence.ts";
import type { Store } from "./store/store.ts";

const NO_OPERATOR = { rule: "no_role", text: "This takes the role operator." };
const PAGE_SIZE = 10;
const CARDS_REFRESHED = 200;
const DUTIES_SHOWN = 4;
const DAY_MS = 86_400_000;
type Attempt = Omit<DecisionAttempt, "requestId"> & {
  readonly requestId?: string | null;
  readonly digest?: string;
  readonly passkey?: string | undefined;
};
type Weighed = Attempt & { readonly owesPasskey: boolean };

type Attempted = Omit<EditWish, "params"> & { digest?: string };

const OUTDATED = "policy.yaml was changed since this was shown";

interface Deps {
  readonly store: Store;
  readonly catalogue: Pick<Catalogue, "read">;
  readonly health: () => Promise<HealthReport>;
  readonly metrics: Metrics;
  readonly now: () => Date;
  readonly ask: (wish: Wish) => Promise<Asked>;
  readonly tryOut: (wish: Wish) => Promise<Trial>;
  readonly audit: Desk["audit"];
  readonly costs: Desk["costs"];
  readonly edit: (wish: Edit) => Promise<Edited>;
  /** Looks at the world before an approval counts; bounded, since somebody waits for the answer. */
  readonly lookNow: (request: PlannedRequest) => Promise<Sight>;
  /** Whether this person has a passkey that can be used here. */
  readonly hasPasskey: (person: string) => Promise<boolean>;
  readonly undo: (wanted: { executionId: string; requester: string }) => Promise<Asked>;
  readonly silence: (wanted: {
    incidentId: string;
    episodes: readonly Episode[];
    forMs: number;
    person: string;
  }) => Promise<Silenced>;
  /** Tells every channel; the one it was done in is named. */
  readonly onAutohealingChanged: (change: {
    readonly text: string;
    readonly isOn: boolean;
    readonly channel: Channel;
  }) => void;
}

/** What every channel reads and does: the store and the rules behind one counter. */
export function createDesk({ store, catalogue, health, metrics, now, ...deps }: Deps) {
  const { views, requests, switches, executions, cards } = store;

  /** The one way to a decision, whatever channel it comes from. */
  async function rule(given: Attempt): Promise<Ruling> {
    const attempt = { ...given, owesPasskey: await owesPasskey(given) };
    const seen = await lookFirst(attempt);
    // Read after the look, which took its time: the rules are those of the decision.
    const { policy } = catalogue.read();
    if (policy === null) {
      await refuse("no_policy", attempt);
      return {
        outcome: "not_allowed",
        why: "policy.yaml can't be read, so nothing can be decided",
      };
    }
    const { person, channel, reason, decision, passkey } = attempt;
    const halt = decision === "approve" ? await haltOf(attempt.planCode, policy) : null;
    let outdated: string | null = null;
    const ruling = await requests.decide(
      attempt.planCode,
      decision,
      { person: person.name, channel, reason, passkey },
      (request) => {
        if (isOther(attempt, request)) return { outcome: "not_found" };
        // Who may decide is part of the plan: an approval under other rules is none.
        if (decision === "approve" && request.plan.policy !== policy.hash) {
          outdated = request.id;
          return { outcome: "not_allowed", why: OUTDATED };
        }
        return withSight(unlessHalted(decideUnder(policy, request, attempt), halt), seen);
      },
    );
    if (outdated !== null) {
      await requests.end(outdated, "superseded", OUTDATED, "countersign", { proposeAnew: true });
    }
    if (ruling.outcome === "approved" || ruling.outcome === "rejected") {
      metrics.decided(ruling.request, now());
    } else if (ruling.outcome !== "counted") metrics.refused(ruling.outcome);
    if (ruling.outcome === "not_found") await refuse("not_found", attempt);
    return ruling;
  }

  /** Whoever has a passkey uses it in the console, and a session that no link from the machine began takes one. */
  async function owesPasskey({ channel, passkey, person, signedIn }: Attempt): Promise<boolean> {
    if (channel !== "console" || passkey !== undefined) return false;
    return signedIn !== "link" || (await deps.hasPasskey(person.name));
  }

  function decideUnder(policy: Policy, request: PlannedRequest, attempt: Weighed): Ruling {
    const { person, decision, reason, via, owesPasskey: owes } = attempt;
    return decide(
      request,
      { person, decision, reason, via, owesPasskey: owes, now: now() },
      { isSolo: isSolo(policy), isReasonRequired: policy.approval.high.isReasonRequired },
    );
  }

  /** Only for an approval that would count: nobody else makes this program look around. */
  async function lookFirst(attempt: Weighed): Promise<(Sight & { digest: string }) | null> {
    const { policy } = catalogue.read();
    if (attempt.decision !== "approve" || policy === null) return null;
    const request = await requests.findByPlanCode(attempt.planCode);
    if (request === null || isOther(attempt, request)) return null;
    if (request.plan.policy !== policy.hash) return null;
    const { outcome } = decideUnder(policy, request, attempt);
    if (outcome !== "approved" && outcome !== "counted") return null;
    return { ...(await deps.lookNow(request)), digest: request.digest };
  }

  /** What keeps everything off the target now: to be told at once beats an approval that comes to nothing. */
  async function haltOf(planCode: string, policy: Policy): Promise<string | null> {
    const request = await requests.findByPlanCode(planCode);
    if (request === null) return null;
    const target = request.proposal.target.name;
    const episode = request.episodeId === null ? null : await views.episode(request.episodeId);
    return standstill({
      ...{ policy, target, labels: episode?.labels ?? null, now: now() },
      maintenanceUntil: await switches.maintenanceUntil(target),
    });
  }

  /** P9: what was refused before any request was reached stands in the record too. */
  async function refuse(reason: string, by: { channel: Channel; person: Person }): Promise<void> {
    const { channel, person } = by;
    await store.refusals.note({ reason, channel, chat: channel, accountId: person.name });
  }

  async function status() {
    const [counts, autohealing] = [await views.counts(), await switches.autohealing()];
    return {
      openIncidents: counts.open,
      pendingRequests: counts.pending,
      autohealing,
      problems: catalogue
        .read()
        .problems.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    };
  }

  async function setAutohealing({ isOn, person, channel, forMs, all }: AutohealingChange) {
    let stopped = 0;
    if (isOn) await switches.enable(person.name);
    else stopped = await switches.disable(person.name, { forMs, all });
    const autohealing = await switches.autohealing();
    // Open cards say whether fixes run by themselves.
    const open = await views.find({ state: "unresolved", limit: CARDS_REFRESHED });
    await cards.touch(open.items.map(({ id }) => id));
    const verb = isOn ? "enabled" : "disabled";
    const text = `${person.name} ${verb} auto-healing. ${autohealingText(autohealing)}`;
    deps.onAutohealingChanged({ text, isOn, channel });
    return { autohealing, stopped };
  }

  /** A prefix is enough where it leaves no doubt; what is shown names the thing in full. */
  async function wishOf({ person, channel: _, ...wanted }: RunWish): Promise<Wish> {
    const ids = catalogue.read().runbooks.map(({ id }) => id);
    const incident = wanted.incident === null ? null : await onlyIncident(wanted.incident);
    return {
      ...wanted,
      runbook: completed(wanted.runbook, ids),
      incident,
      requester: person.name,
      words: null,
      call: null,
      mostLive: null,
    };
  }

  async function onlyIncident(prefix: string): Promise<string> {
    const ids = await views.idsLike(prefix);
    return ids.length === 1 && ids[0] !== undefined ? ids[0] : prefix;
  }

  /** Who may decide a request may also put another plan in its place; it is theirs then. */
  async function editable(attempt: Attempted): Promise<Editable> {
    const { person, planCode } = attempt;
    const request = await requests.findByPlanCode(planCode);
    if (request === null || isOther(attempt, request)) {
      await refuse("not_found", attempt);
      return { outcome: "not_found" };
    }
    if (!mayDecide(request, person)) {
      await refuse("edit_not_allowed", attempt);
      return {
        outcome: "not_allowed",
        why: `editing this takes the role ${decidersOf(request).join(" or ")}`,
      };
    }
    if (request.state === "expired") return { outcome: "expired", request };
    if (request.state !== "pending") return { outcome: "already_decided", request };
    return { outcome: "editable", request };
  }

  async function edit(attempt: EditWish & { digest?: string }): Promise<EditAnswer> {
    const found = await editable(attempt);
    if (found.outcome !== "editable") return found;
    const { request } = found;
    const { person, params } = attempt;
    const edited = await deps.edit({ request, params, editor: person.name });
    if (edited.outcome === "outdated") {
      const { why } = edited;
      await requests.end(request.id, "superseded", why, "countersign", { proposeAnew: true });
      return { outcome: "refused", reasons: [{ rule: "outdated", text: `It is void: ${why}.` }] };
    }
    if (edited.outcome !== "edited") return edited;
    const { policy } = catalogue.read();
    return { ...edited, isSolo: policy !== null && isSolo(policy) };
  }

  async function answerTo(
    asked: Asked,
    by: { readonly channel: Channel; readonly person: Person },
  ): Promise<RunAnswer> {
    switch (asked.outcome) {
      case "asked": {
        const { planCode, incidentId, proposal, risk, reasons } = asked.request;
        const { policy } = catalogue.read();
        return {
          outcome: "asked",
          ...{ planCode, incidentId, risk, reasons },
          actionTitle: proposal.actionTitle,
          target: proposal.target.name,
          isSolo: policy !== null && isSolo(policy),
        };
      }
      case "choose":
        return choiceOf(asked.runbook);
      case "unfit":
        return { outcome: "refused", reasons: [asked.reason] };
      case "denied":
        await refuse("run_denied", by);
        return { outcome: "refused", reasons: asked.verdict.reasons };
      case "duplicate":
        return asked;
      case "too_many":
      case "repeated":
        throw new Error("only programs are counted");
    }
  }

  async function undo(prefix: string, person: Person, channel: Channel): Promise<RunAnswer> {
    const ids = await views.executionIdsLike(prefix);
    const [executionId = prefix] = ids;
    if (ids.length > 1) {
      const text = `Several runs begin like this: ${ids.join(", ")}.`;
      return { outcome: "refused", reasons: [{ rule: "unknown_run", text }] };
    }
    const asked = await deps.undo({ executionId, requester: person.name });
    return await answerTo(asked, { channel, person });
  }

  const autonomy = () => autonomyOf({ grants: store.grants, catalogue, now });

  async function takeBack({ person, ...action }: ActionOnTarget & { person: Person }) {
    return await store.grants.takeBack(action, person.name);
  }

  const chat: Desk = {
    status,
    setAutohealing,
    decide: rule,
    async health() {
      const report = await health();
      const checks = Object.entries(report.checks).map(([name, check]) => ({ name, ...check }));
      return { status: report.status, checks };
    },
    onCall() {
      const { policy } = catalogue.read();
      const rota = policy?.rota ?? null;
      return Promise.resolve(rota === null ? [] : duties(rota, now(), DUTIES_SHOWN));
    },
    openAlerts: async ({ filter, page }) => paged(await views.openAlerts(filter), page),
    async incident(prefix) {
      const ids = await views.idsLike(prefix);
      if (ids.length > 1) return { outcome: "several", ids };
      const view = ids[0] === undefined ? null : await views.incident(ids[0]);
      return view === null ? { outcome: "none" } : { outcome: "found", view };
    },
    async history({ words, sinceMs, page }) {
      const { items, total } = await views.find({
        words,
        ...(sinceMs === null ? {} : { since: new Date(now().getTime() - sinceMs) }),
        limit: PAGE_SIZE,
        offset: (page - 1) * PAGE_SIZE,
      });
      return { items, page, pages: Math.max(1, Math.ceil(total / PAGE_SIZE)), total };
    },
    async pending() {
      const waiting = await views.pending();
      return await Promise.all(
        waiting.map(async (request) => ({
          request,
          incidentTitle: (await views.incident(request.incidentId))?.incident.title ?? "",
        })),
      );
    },
    async actionsThatWouldRun() {
      const { runbooks, policy } = catalogue.read();
      if (policy === null) return [];
      if (policy.approval.low.auto === "earned") return earnedActions(await autonomy());
      return runbooks.flatMap(unaskedActions(policy));
    },
    autonomy,
    takeBack,
    runbooks() {
      const { runbooks } = catalogue.read();
      return Promise.resolve(runbooks.map(({ id, title, actions }) => ({ id, title, actions })));
    },
    async runbook(prefix) {
      const { runbooks, policy } = catalogue.read();
      const found = runbooks.filter(({ id }) => id.startsWith(prefix));
      const runbook =
        found.find(({ id }) => id === prefix) ?? (found.length === 1 ? found[0] : null);
      if (runbook == null) return null;
      const records = await executions.recordOf(runbook.id);
      return {
        id: runbook.id,
        title: runbook.title,
        sha256: runbook.sha256,
        actions: runbook.actions.map((action) => ({
          id: action.id,
          title: action.title,
          risk: action.risk,
          executor: action.executor,
          with: JSON.stringify(action.with),
          targets:
            policy === null ? "unknown" : targetsInWords(policy, action.executor, action.targets),
          params: Object.entries(paramsOf(runbook, action)).map(
            ([name, { from, pattern }]) => `${name} from ${from.join(" or ")}, ${pattern}`,
          ),
          record: records.find(({ actionId }) => actionId === action.id) ?? null,
        })),
      };
    },
    run: async (wish) => await answerTo(await deps.ask(await wishOf(wish)), wish),
    undo: async ({ execution, person, channel }) => await undo(execution, person, channel),
    async silence({ incidentId, forMs, person }) {
      const view = await views.incident(incidentId);
      const alerts = view?.incident.alerts ?? [];
      // What is shown has lost its secrets; a silence has to match what the labels really are.
      const episodes = await Promise.all(alerts.map(({ id }) => views.episode(id)));
      const known = episodes.filter((episode) => episode !== null);
      return await deps.silence({ incidentId, episodes: known, forMs, person: person.name });
    },
    unsilence: async (incidentId, person) => await store.silences.liftAll(incidentId, person.name),
    async tryRun(wish) {
      const tried = await deps.tryOut(await wishOf(wish));
      switch (tried.outcome) {
        case "tried": {
          const { plan, verdict, dryRun } = tried;
          const { command, target } = plan;
          return { outcome: "tried", command, target: target.name, verdict, dryRun };
        }
        case "choose":
          return choiceOf(tried.runbook);
        case "unfit":
          return { outcome: "refused", reasons: [tried.reason] };
      }
    },
    edit,
    editable,
    note: async (incidentId, person, text) =>
      await store.incidents.note(incidentId, person.name, text),
    acknowledge: async (incidentId, person) =>
      (await store.incidents.acknowledge(incidentId, person.name)) ? "acknowledged" : "not_open",
    async maintain({ target: wanted, forMs, person }) {
      const { policy } = catalogue.read();
      const targets = policy?.targets ?? [];
      const target =
        targets.find(({ name }) => name === wanted) ??
        targets.find(({ aliases }) => aliases.includes(wanted));
      if (target === undefined) {
        return { outcome: "unknown_target", known: targets.map(({ name }) => name) };
      }
      const until = forMs === 0 ? null : new Date(now().getTime() + forMs);
      await switches.maintain(target.name, until, person.name);
      return { outcome: "set", target: target.name, until };
    },
    handover: async () => await handoverNow({ store, catalogue, now }),
    report: async (lengthMs) => await store.statistics.report(now(), lengthMs),
    async setReports({ isOn, person }) {
      await switches.setReports(isOn, person.name);
      const { policy } = catalogue.read();
      return { times: policy?.reports ?? null };
    },
    audit: deps.audit,
    costs: deps.costs,
    offerConfirm: async ({ person, ...offer }) =>
      await cards.offerConfirm({ ...offer, person: person.name }),
  };

  const consoleDesk: ConsoleDesk = {
    async inbox(person) {
      const mine = (await views.pending()).filter((request) => mayDecide(request, person));
      const ids = [...new Set(mine.map(({ incidentId }) => incidentId))];
      const waiting = await Promise.all(ids.map((id) => views.incident(id)));
      const open = await views.find({ state: "unresolved", limit: 50 });
      const recent = await views.find({ state: "resolved", limit: 10 });
      return {
        waiting: waiting.filter((view) => view !== null),
        open: open.items.filter(({ id }) => !ids.includes(id)),
        recent: recent.items,
      };
    },
    async incident(prefix) {
      const ids = await views.idsLike(prefix);
      return ids.length === 1 && ids[0] !== undefined ? await views.incident(ids[0]) : null;
    },
    timeline: views.timeline,
    history: async ({ words, state, severity, within, runbook, target, page, pageSize }) =>
      await views.find({
        words,
        ...(state === null ? {} : { state }),
        ...(severity === null ? {} : { severity }),
        ...(within === null
          ? {}
          : { since: new Date(now().getTime() - WITHIN_DAYS[within] * DAY_MS) }),
        ...(runbook === null ? {} : { runbook }),
        ...(target === null ? {} : { target }),
        limit: pageSize,
        offset: (page - 1) * pageSize,
      }),
    async status() {
      const { isOn, offUntil } = await switches.autohealing();
      const report = await health();
      return {
        autohealing: { isOn, until: offUntil },
        checks: Object.entries(report.checks).map(([name, check]) => ({ name, ...check })),
        problems: catalogue
          .read()
          .problems.map(({ file, line, message }) => ({ file, line, text: message })),
        notices: await store.rules.noticesSince(new Date(now().getTime() - DAY_MS)),
      };
    },
    decide: async (decision) => await rule({ ...decision, channel: "console" }),
    async edit(wish) {
      const answer = await edit({ ...wish, requestId: null, channel: "console" });
      return answer.outcome === "edited"
        ? { outcome: "edited", incidentId: answer.request.incidentId }
        : { outcome: "refused", text: editText(answer, "console") };
    },
    async undo(executionId, person) {
      if (!person.roles.includes("operator")) {
        await refuse("no_role", { channel: "console", person });
        return { outcome: "refused", reasons: [NO_OPERATOR] };
      }
      return await undo(executionId, person, "console");
    },
    autonomy,
    async takeBack(action, person) {
      if (!person.roles.includes("operator")) {
        await refuse("no_role", { channel: "console", person });
        return "not_allowed";
      }
      return (await takeBack({ ...action, person })) ? "taken_back" : "not_found";
    },
    async markReviewed(executionId, person) {
      if (!person.roles.includes("operator")) {
        await refuse("no_role", { channel: "console", person });
        return "not_allowed";
      }
      const execution = await executions.find(executionId);
      if (execution === null || execution.state !== "unknown") return "not_found";
      const isMarked = await executions.markReviewed(executionId, person.name);
      return isMarked ? "reviewed" : "already_reviewed";
    },
  };

  return { chat, console: consoleDesk };
}

function isOther(
  { requestId, digest }: Pick<Attempt, "requestId" | "digest">,
  request: PlannedRequest,
): boolean {
  return (
    (requestId != null && requestId !== request.id) ||
    (digest !== undefined && digest !== request.digest)
  );
}

/** While nothing may run on its target, a yes would come to nothing. */
function unlessHalted(ruling: Ruling, halt: string | null): Ruling {
  const isYes = ruling.outcome === "approved" || ruling.outcome === "counted";
  return isYes && halt !== null ? { outcome: "not_allowed", why: halt } : ruling;
}

/** What was seen counts for the very plan it was looked at for, and can turn a yes into a no only. */
function withSight(ruling: Ruling, seen: (Sight & { digest: string }) | null): Ruling {
  if (ruling.outcome !== "approved" && ruling.outcome !== "counted") return ruling;
  const { request } = ruling;
  if (seen === null || seen.digest !== request.digest) return ruling;
  if (seen.over !== null) return { outcome: "over", request, why: seen.over };
  return seen.doubts.length === 0 ? ruling : { ...ruling, doubts: seen.doubts };
}

function completed(prefix: string, ids: readonly string[]): string {
  const found = ids.filter((id) => id.startsWith(prefix));
  return ids.includes(prefix) || found.length !== 1 ? prefix : (found[0] ?? prefix);
}

function choiceOf(runbook: Runbook) {
  return {
    outcome: "choose" as const,
    runbookId: runbook.id,
    actions: runbook.actions.map((action) => ({
      id: action.id,
      title: action.title,
      risk: action.risk,
      params: Object.entries(paramsOf(runbook, action)).map(
        ([name, { pattern }]) => `${name}=${pattern}`,
      ),
    })),
  };
}

/** Low risk is what auto-healing covers; the verdict still looks at target, history and the rest each time. */
function unaskedActions(policy: Policy) {
  return ({ id, actions }: Runbook): UnaskedAction[] =>
    policy.approval.low.auto === true && !policy.isShadow
      ? actions
          .filter(({ risk }) => risk === "low")
          .map(({ id: actionId, title, executor, targets }) => ({
            runbookId: id,
            actionId,
            title,
            targets: targetsInWords(policy, executor, targets),
          }))
      : [];
}

/** Where the policy wants it earned, only what has done so. */
function earnedActions({ standings }: Autonomy): UnaskedAction[] {
  return standings
    .filter(({ grantedAt }) => grantedAt !== null)
    .map(({ runbookId, actionId, actionTitle: title, target: targets }) => ({
      ...{ runbookId, actionId, title, targets },
    }));
}

/** Names, as the inventory has them now: "all" of nothing is nothing yet. */
function targetsInWords(
  policy: Policy,
  executor: string,
  allowed: Runbook["actions"][number]["targets"],
): string {
  const named = policy.targets
    .filter((target) => target.executor === executor)
    .filter(({ name, labels, reservedFor }) => {
      if (Array.isArray(allowed)) return allowed.includes(name);
      if (reservedFor !== null) return false;
      const wanted = allowed === "all" ? [] : Object.entries(allowed.labels);
      return wanted.every(([label, value]) => labels[label] === value);
    });
  return named.map(({ name }) => name).join(", ") || "nothing in the inventory yet";
}

function paged<T>(items: readonly T[], page: number) {
  const start = (page - 1) * PAGE_SIZE;
  return {
    items: items.slice(start, start + PAGE_SIZE),
    page,
    pages: Math.max(1, Math.ceil(items.length / PAGE_SIZE)),
    total: items.length,
  };
}

/** Who an account belongs to right now. Without a readable policy nobody may act, and the console stays readable. */
export function personFor(
  catalogue: Pick<Catalogue, "read">,
  channel: Channel,
  account: string,
): Person | null {
  const { policy } = catalogue.read();
  if (policy !== null) return personByAccount(policy, channel, account);
  return channel === "console" ? { name: account, roles: ["viewer"] } : null;
}
