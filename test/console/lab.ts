import { createHash } from "node:crypto";
import type { Person, PlannedRequest, Ruling, SignInWay } from "../../src/approval/approval.ts";
import type { IncidentSummary, IncidentView } from "../../src/chat/card.ts";
import { pendingOf } from "../../src/chat/card.ts";
import type { Console } from "../../src/console/console.tsx";
import { createConsole } from "../../src/console/console.tsx";
import type { Passkey } from "../../src/console/passkey.ts";
import type {
  CommandAnswer,
  ConsoleDecision,
  ConsoleDeps,
  ConsoleEdit,
  ConsoleEvent,
  ConsoleStatus,
  EditResult,
  HistoryQuery,
  Passkeys,
  UndoAnswer,
} from "../../src/console/ports.ts";
import type { Reads } from "../../src/console/reads.ts";
import { anAutonomy } from "../fakes/incidents.ts";
import { createReadings } from "./readings.ts";
import { aTimeline } from "./stories.ts";

export const ana: Person = { name: "ana", roles: ["viewer", "operator", "approver"] };
export const vera: Person = { name: "vera", roles: ["viewer"] };
export const ANA_COOKIE = "countersign_session=session-of-ana-0000";
export const KEY = "key-of-a-program";
export const CSRF = "csrf-of-ana";
export const LINK = "link-for-ana-00000000";

/** Where the connection comes from, as the server would say. */
const PEER = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };

/** A console on in-memory ports that keep account of what was asked of them. */
export interface Lab {
  readonly console: Console;
  readonly decisions: ConsoleDecision[];
  readonly reviews: string[];
  readonly undone: string[];
  readonly takenBack: { runbookId: string; actionId: string; target: string }[];
  undoing: UndoAnswer;
  readonly edits: ConsoleEdit[];
  edited: EditResult;
  readonly commands: string[];
  readonly searches: HistoryQuery[];
  readonly reads: Reads;
  readonly tests: string[];
  readonly verified: Date[];
  readonly warnings: string[];
  readonly errors: unknown[];
  now: Date;
  views: IncidentView[];
  recent: IncidentSummary[];
  status: ConsoleStatus;
  ruling: ((decision: ConsoleDecision) => Ruling) | null;
  answer: CommandAnswer;
  person: Person;
  isSessionOver: boolean;
  csrf: string;
  /** What the session of ana began with, and how long ago. */
  way: SignInWay;
  sessionAgeMs: number;
  passkeys: Passkey[];
  /** Tries with a passkey that came to nothing. */
  readonly refusals: string[];
  listeners: Set<(event: ConsoleEvent) => void>;
  emit(event: ConsoleEvent): void;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(
    path: string,
    form: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

const NO_GRAPHS: ConsoleDeps["graphs"] = { list: () => [], svg: async () => null };

export function createLab(overrides: Partial<ConsoleDeps> = {}): Lab {
  const linksUsed = new Set<string>();
  const sessions = new Set(["session-of-ana-0000"]);

  const desk: ConsoleDeps["desk"] = {
    inbox: async (person) => {
      const open = lab.views.filter(({ incident }) => incident.state !== "resolved");
      const waits = (view: IncidentView) =>
        pendingOf(view).length > 0 && person.roles.includes("approver");
      return {
        waiting: open.filter(waits),
        open: open.filter((view) => !waits(view)).map(summaryOf),
        recent: lab.recent,
      };
    },
    incident: async (id) => {
      const found = lab.views.filter(({ incident }) => incident.id.startsWith(id));
      return found.length === 1 ? (found[0] ?? null) : null;
    },
    timeline: async () => aTimeline(lab.now),
    history: async (query) => {
      lab.searches.push(query);
      return { items: lab.views.map(summaryOf), total: 60 };
    },
    status: async () => lab.status,
    decide: async (decision) => {
      lab.decisions.push(decision);
      return lab.ruling?.(decision) ?? ruleSimply(lab, decision);
    },
    edit: async (wish) => {
      lab.edits.push(wish);
      return lab.edited;
    },
    undo: async (id) => {
      lab.undone.push(id);
      return lab.undoing;
    },
    autonomy: async () => anAutonomy(),
    takeBack: async (action, person) => {
      if (!person.roles.includes("operator")) return "not_allowed";
      lab.takenBack.push(action);
      return action.target === "nginx" ? "taken_back" : "not_found";
    },
    markReviewed: async (id) => {
      lab.reviews.push(id);
      return "reviewed";
    },
  };

  const reads = createReadings(() => lab.now);

  const lab: Lab = {
    reads: reads.reads,
    tests: reads.tests,
    verified: reads.verified,
    decisions: [],
    reviews: [],
    edits: [],
    undone: [],
    takenBack: [],
    undoing: { outcome: "asked", incidentId: "inc_nginx" },
    edited: { outcome: "edited", incidentId: "inc_nginx" },
    commands: [],
    searches: [],
    warnings: [],
    errors: [],
    now: new Date("2026-11-20T14:03:00Z"),
    views: [],
    recent: [],
    status: {
      autohealing: { isOn: false, until: null },
      checks: [
        { name: "database", status: "ok", detail: "WAL, 1.2 MB" },
        { name: "prometheus", status: "degraded", detail: "no answer for 40 s" },
      ],
      problems: [],
      notices: [],
    },
    ruling: null,
    answer: { text: "2 open incidents" },
    person: ana,
    isSessionOver: false,
    csrf: CSRF,
    way: "link",
    sessionAgeMs: 0,
    passkeys: [],
    refusals: [],
    listeners: new Set(),
    emit(event) {
      for (const listener of lab.listeners) listener(event);
    },
    get: async (path, headers = {}) =>
      lab.console.app.request(path, { headers: { cookie: ANA_COOKIE, ...headers } }, PEER),
    post: async (path, form, headers = {}) =>
      lab.console.app.request(
        path,
        {
          method: "POST",
          body: new URLSearchParams({ csrf: CSRF, ...form }).toString(),
          headers: {
            cookie: ANA_COOKIE,
            "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "same-origin",
            origin: "http://127.0.0.1:9095",
            ...headers,
          },
        },
        PEER,
      ),
    console: createConsole({
      desk,
      graphs: NO_GRAPHS,
      reads: reads.reads,
      sessions: {
        peekSignInToken: async (token) =>
          token === LINK && !linksUsed.has(token) ? lab.person : null,
        consumeSignInToken: async (token) => {
          if (token !== LINK || linksUsed.has(token)) return null;
          linksUsed.add(token);
          sessions.add("session-by-link-0000");
          return { secret: "session-by-link-0000", person: lab.person };
        },
        session: async (secret) =>
          sessions.has(secret) && !lab.isSessionOver
            ? {
                ...{ person: lab.person, csrf: lab.csrf, way: lab.way },
                createdAt: new Date(lab.now.getTime() - lab.sessionAgeMs),
              }
            : null,
        begin: async (person) => {
          if (person !== lab.person.name) return null;
          sessions.add("session-by-passkey-0000");
          return "session-by-passkey-0000";
        },
        list: async (person) =>
          [...sessions]
            .map((secret) => ({
              ...anAgent(lab.now),
              ...{ id: idOf(secret), person: lab.person.name, way: wayOf(secret) },
            }))
            .concat({ ...anAgent(lab.now), id: "0".repeat(16), person: "ben" })
            .filter((one) => one.person === person.name || person.roles.includes("admin")),
        idOf: async (secret) => idOf(secret),
        revoke: async (ids) => {
          const meant = [...sessions].filter((secret) => ids.includes(idOf(secret)));
          for (const secret of meant) sessions.delete(secret);
          return meant.length;
        },
        endSession: async (secret) => {
          sessions.delete(secret);
        },
      },
      holdsKey: (c) => c.req.header("authorization") === `Bearer ${KEY}`,
      passkeys: passkeysOf(() => lab),
      publicUrl: "http://127.0.0.1:9095",
      isSecure: false,
      events: {
        subscribe(listener) {
          lab.listeners.add(listener);
          return () => lab.listeners.delete(listener);
        },
      },
      runCommand: async (text) => {
        lab.commands.push(text);
        return lab.answer;
      },
      log: {
        info: () => {},
        warn: (_fields, message) => lab.warnings.push(message),
        error: (fields) => lab.errors.push(fields),
      },
      now: () => lab.now,
      version: "0.1.0",
      heartbeatMs: 20,
      ...overrides,
    }),
  };
  return lab;
}

function idOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 16);
}

function wayOf(secret: string): SignInWay {
  return secret.includes("passkey") ? "passkey" : "link";
}

function passkeysOf(lab: () => Lab): Passkeys {
  return {
    find: async (id) => lab().passkeys.find((one) => one.id === id) ?? null,
    list: async (person) => lab().passkeys.filter((one) => one.person === person),
    async add(one) {
      lab().passkeys.push({ ...one, createdAt: lab().now, usedAt: null });
      return true;
    },
    async used(id, counter) {
      lab().passkeys = lab().passkeys.map((one) =>
        one.id === id ? { ...one, counter, usedAt: lab().now } : one,
      );
      return true;
    },
    async remove(id, person) {
      const before = lab().passkeys.length;
      lab().passkeys = lab().passkeys.filter((one) => one.id !== id || one.person !== person);
      return lab().passkeys.length < before;
    },
    async refused(person) {
      lab().refusals.push(person);
    },
  };
}

function anAgent(now: Date) {
  const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  return {
    agent,
    way: "link" as SignInWay,
    createdAt: now,
    expiresAt: new Date(now.getTime() + 3_600_000),
  };
}

function ruleSimply(lab: Lab, decision: ConsoleDecision): Ruling {
  const request = lab.views
    .flatMap(pendingOf)
    .find(({ planCode, digest }) => planCode === decision.planCode && digest === decision.digest);
  if (request === undefined) return { outcome: "not_found" };
  if (decision.decision === "reject")
    return { outcome: "rejected", request: change(lab, request, "rejected", decision) };
  return { outcome: "approved", request: change(lab, request, "approved", decision) };
}

function change(
  lab: Lab,
  request: PlannedRequest,
  state: "approved" | "rejected",
  decision: ConsoleDecision,
): PlannedRequest {
  const changed: PlannedRequest = {
    ...request,
    state,
    votes: [
      {
        person: decision.person.name,
        decision: decision.decision,
        channel: "console",
        reason: decision.reason,
        at: lab.now,
      },
    ],
  };
  lab.views = lab.views.map((view) => ({
    ...view,
    requests: view.requests.map((each) => (each.id === request.id ? changed : each)),
  }));
  return changed;
}

export function summaryOf(view: IncidentView): IncidentSummary {
  const request = view.requests[0];
  const { id, title, severity, state, openedAt, resolvedAt, alerts } = view.incident;
  return {
    ...{ id, title, severity, state, openedAt, resolvedAt },
    where: alerts[0]?.labels.instance ?? "",
    alertCount: alerts.length,
    request:
      request === undefined
        ? null
        : { actionTitle: request.proposal.actionTitle, state: request.state, risk: request.risk },
  };
}
