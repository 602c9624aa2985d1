import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import { decide } from "../../src/approval/decide.ts";
import type { ReaderDeps } from "../../src/diagnosis/reader.ts";
import type { Reader } from "../../src/diagnosis/reading.ts";
import { createInquiries } from "../../src/evidence/inquire.ts";
import { redact } from "../../src/evidence/redact.ts";
import type { Executor, RunResult } from "../../src/execution/execution.ts";
import { hashFiles } from "../../src/execution/fingerprint.ts";
import { admit } from "../../src/incident/admit.ts";
import type { IncomingAlert } from "../../src/incident/alert.ts";
import type { AlertGroup } from "../../src/incident/alert-group.ts";
import { createMetrics } from "../../src/metrics.ts";
import { createCatalogue } from "../../src/remediation/catalogue.ts";
import { isSolo } from "../../src/remediation/policy.ts";
import type { Place, Ports } from "../../src/responder/ports.ts";
import { respond } from "../../src/responder/respond.ts";
import { createRouting } from "../../src/routing.ts";
import { createRuleWatch } from "../../src/rule-watch.ts";
import { newId } from "../../src/store/ids.ts";
import { openStore } from "../../src/store/store.ts";
import { responderStore } from "../../src/store-ports.ts";

const RUNBOOK = `---
id: web-down
title: The web service is down
match: {alertname: WebDown}
actions:
  - id: restart
    title: Restart the web service
    risk: {{risk}}
    executor: command
    with: {argv: [/usr/bin/true, restart, '{{params.service}}']}
    params: {service: {from: labels.service, pattern: '[a-z]+'}}
    target: '{{params.service}}'
    targets: all
    precondition: {probe: {executor: command, with: {argv: [/usr/bin/test, -e, down]}}, expect: {state: down}}
    verify: {probe: {executor: command, with: {argv: [/usr/bin/test, -e, up]}}, expect: {state: up}, within: 1m}
    cooldown: 10m
    limit: 3/1h
---
Prose.
`;

const POLICY = `targets:
  web: {executor: command}
  db: {executor: command}
`;

/** A commit waits for the disk, and no power is cut here: what is only in memory waits for nothing. */
const IN_MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const KINDS = [
  ...["execute", "verify", "earn", "silence", "remind", "escalate", "page", "expire", "tell"],
  ...["ask_source", "investigate", "propose", "opine"],
] as Parameters<ReturnType<typeof openStore>["queue"]["lease"]>[0];

type Answer<T> = T | "unreachable";

/**
 * The whole journey in one process and under one clock: real store, real runbooks and rules; only the world outside is
 * played, so that a test can say what it answers.
 */
export function createJourney(
  options: {
    risk?: string;
    policy?: string;
    runbook?: string;
    /** A model that reads what was found. */
    reader?: (ledger: ReaderDeps["ledger"], now: () => Date) => Reader;
    chats?: { channel: string; chat: string }[];
    /** What a route may name beside the policy's own. */
    channels?: readonly string[] | undefined;
  } = {},
) {
  const folder = mkdtempSync(join(IN_MEMORY, "countersign-journey-"));
  const runbookFile = join(folder, "web-down.md");
  const policyFile = join(folder, "policy.yaml");
  writeFileSync(runbookFile, options.runbook ?? RUNBOOK.replace("{{risk}}", options.risk ?? "low"));
  writeFileSync(policyFile, options.policy ?? POLICY);

  let now = new Date("2026-03-01T03:00:00Z");
  let elapsed = 0;
  const world = {
    alertmanager: null as Answer<boolean> | null,
    /** The series that it answers every query with. */
    prometheus: null as Answer<readonly Record<string, string>[]> | null,
    silences: [] as { comment: string; until: Date; isLifted: boolean }[],
    /** Whether Alertmanager takes and lifts silences. */
    silencing: "taken" as "taken" | "refused",
    state: "down" as Answer<string>,
    result: "succeeded" as RunResult["outcome"],
    /** What whoever is on call was rung for. */
    pages: [] as string[],
    /** What places outside the chats were told, and what they answer. */
    tellings: [] as string[],
    place: { outcome: "accepted" } as Awaited<ReturnType<Ports["tell"]>>,
    /** What the sandbox lacks. */
    belowFloor: null as string | null,
    /** What happens while somebody looks. */
    onLook: (): void => undefined,
    onCrashPoint: (_: Place): void => undefined,
    /** What the fix does to the world. */
    onRun: () => {
      world.state = "up";
    },
  };
  const runs: string[] = [];
  const executor: Executor = {
    name: "command",
    describe: ({ argv }, { directory }) => ({
      kind: "argv",
      argv: argv as [string, ...string[]],
      directory,
    }),
    run(command) {
      runs.push(command.kind === "argv" ? command.argv.join(" ") : command.kind);
      world.onRun();
      return Promise.resolve({
        outcome: world.result,
        exitCode: world.result === "succeeded" ? 0 : 1,
        output: "token=abcdef0123456789",
        isTruncated: false,
        durationMs: 5,
      });
    },
    describeProbe: ({ argv }, { directory }) => ({
      kind: "argv",
      argv: argv as [string, ...string[]],
      directory,
    }),
    probe() {
      world.onLook();
      return Promise.resolve(
        world.state === "unreachable"
          ? { status: "missing", text: "the probe can't be asked" }
          : { status: "found", facts: { state: world.state }, text: world.state },
      );
    },
    check: () => Promise.resolve("ok"),
  };
  const executors = new Map([["command", executor]]);
  const catalogue = createCatalogue({
    dir: folder,
    dataDir: folder,
    executors,
    adminIds: { telegram: ["7"], slack: [] },
  });
  const open = () =>
    openStore({
      path: join(folder, "journey.db"),
      isExclusive: false,
      dedupWindowMs: 300_000,
      hasSource: true,
      hasReader: options.reader !== undefined,
      chats: options.chats ?? [],
      route: createRouting(catalogue, options.channels ?? ["telegram", "slack", "pagerduty"]),
      admit,
      now: () => now,
      elapsedMs: () => elapsed,
      redact,
    });
  const store = open();
  const raw = new Database(join(folder, "journey.db"));
  onTestFinished(() => {
    raw.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const { views, switches, requests, queue } = store;
  const ports: Ports = {
    store: responderStore(
      store,
      createMetrics(() => Promise.resolve({})),
      () => now,
    ),
    catalogue,
    executors,
    hashFiles,
    get alertmanager(): Ports["alertmanager"] {
      const answer = world.alertmanager;
      if (answer === null) return null;
      return {
        isActive: () =>
          answer === "unreachable"
            ? Promise.reject(new Error("Alertmanager does not answer"))
            : Promise.resolve(answer),
        silence: ({ comment, until }) => {
          if (answer === "unreachable" || world.silencing === "refused")
            return Promise.reject(new Error("Alertmanager does not answer"));
          world.silences.push({ comment, until, isLifted: false });
          return Promise.resolve();
        },
        unsilence: ({ mark }) => {
          if (answer === "unreachable" || world.silencing === "refused")
            return Promise.reject(new Error("Alertmanager does not answer"));
          for (const one of world.silences) one.isLifted ||= one.comment.includes(mark);
          return Promise.resolve();
        },
      };
    },
    get prometheus(): Ports["prometheus"] {
      const answer = world.prometheus;
      if (answer === null) return null;
      const query = () =>
        answer === "unreachable"
          ? Promise.reject(new Error("Prometheus does not answer"))
          : Promise.resolve(answer.map((labels) => ({ labels, value: 1 })));
      return {
        query,
        holds: async () => (await query()).length > 0,
        series: async () => (await query()).map(({ labels }) => labels),
        labels: async () => (await query()).flatMap(({ labels }) => Object.keys(labels)),
        valuesOf: async (label) =>
          label === "__name__" ? ["up"] : (await query()).map(({ labels }) => labels[label] ?? ""),
      };
    },
    loki: null,
    reader: options.reader?.(store.opinions, store.clock.now) ?? null,
    linkBases: [],
    inquire: createInquiries(
      { prometheus: null, loki: null, alertmanager: null, grafana: null, past: store.past },
      () => now,
    ),
    tell: (telling) => {
      world.tellings.push(`${telling.place}: ${telling.event}`);
      return Promise.resolve(world.place);
    },
    page: (event) => {
      world.pages.push(event.what);
      return Promise.resolve({ outcome: "accepted" });
    },
    now: store.clock.now,
    clockBehindMs: store.clock.behindMs,
    belowFloor: () => world.belowFloor,
    newRequestId: () => newId("req"),
    newIncidentId: () => newId("inc"),
    crashPoint: (name) => world.onCrashPoint(name),
    stopping: new AbortController().signal,
    redact: (text) => text.replace(/token=\w+/, "token=[redacted]"),
  };

  const told: string[] = [];
  /** As a start of the program makes it: what it knows, it has from the store. */
  const startWatch = (over: { announce?: (text: string) => void } = {}) =>
    createRuleWatch({
      catalogue,
      rules: store.rules,
      redact: ports.redact,
      announce: (text) => told.push(text),
      onFailure: (error) => {
        throw error;
      },
      ...over,
    });

  /** Does everything that is due now, in the order the workers would. */
  async function settle(): Promise<void> {
    for (;;) {
      const step = await queue.lease(KINDS, ports.now());
      if (step === null) return;
      const end = await respond(ports, step);
      if (end.outcome === "done") await queue.finish(step);
      else await queue.postpone(step, end.at, end.why);
    }
  }

  async function pass(ms: number): Promise<void> {
    const until = ports.now().getTime() + ms;
    for (;;) {
      const due = await queue.nextDue(KINDS);
      if (due === null || due.getTime() > until) break;
      advance(due.getTime());
      await settle();
    }
    advance(until);
  }

  /** Time passes for every clock; a jump is one of the machine's clock alone. */
  function advance(to: number): void {
    const ms = Math.max(0, to - ports.now().getTime());
    now = new Date(now.getTime() + ms);
    elapsed += ms;
  }

  async function send(
    status: "firing" | "resolved",
    labels: Record<string, string> = {},
    group: Partial<AlertGroup> & { annotations?: Record<string, string> } = {},
  ): Promise<string> {
    const { annotations = { summary: "Nobody answers" }, ...more } = group;
    const service = labels.service ?? "web";
    const alert: IncomingAlert = {
      fingerprint: service,
      status,
      startsAt: episodeStart,
      endsAt: status === "resolved" ? ports.now() : null,
      labels: { alertname: "WebDown", severity: "critical", service, ...labels },
      annotations,
      generatorUrl: null,
      extra: null,
    };
    const [acceptance] = await store.intake.accept([
      {
        source: "alertmanager",
        groupKey: `group-${service}`,
        receiver: "countersign",
        groupLabels: {},
        externalUrl: null,
        truncatedAlerts: 0,
        trust: "key",
        alerts: [alert],
        receivedAt: ports.now(),
        extra: null,
        ...more,
      },
    ]);
    await settle();
    return acceptance?.incidents[0] ?? "";
  }
  let episodeStart = ports.now();

  async function vote(
    person: { name: string; roles?: readonly ("viewer" | "operator" | "approver" | "admin")[] },
    decision: "approve" | "reject",
    more: { planCode?: string; via?: "tap" | "typed"; reason?: string | null } = {},
  ) {
    const { policy } = catalogue.read();
    if (policy === null) throw new Error("the policy can't be read");
    const known = policy;
    const request = (await newest())?.planCode;
    const ruling = await requests.decide(
      more.planCode ?? request ?? "",
      decision,
      { person: person.name, channel: "console", reason: more.reason ?? null },
      (found) =>
        decide(
          found,
          {
            person: { name: person.name, roles: person.roles ?? ["viewer", "approver"] },
            decision,
            reason: more.reason ?? null,
            via: more.via ?? "tap",
            owesPasskey: false,
            now: ports.now(),
          },
          { isSolo: isSolo(known), isReasonRequired: known.approval.high.isReasonRequired },
        ),
    );
    await settle();
    return ruling;
  }

  /** The newest request of the newest incident. */
  async function newest() {
    const { items } = await views.find({ limit: 1 });
    const view = items[0] === undefined ? null : await views.incident(items[0].id);
    const request = view?.requests[0];
    return request === undefined ? null : { planCode: "", ...request, view };
  }

  return {
    world,
    ports,
    catalogue,
    runs,
    store,
    fire: (labels?: Record<string, string>, group?: Parameters<typeof send>[2]) => {
      episodeStart = ports.now();
      return send("firing", labels, group);
    },
    /** Under the start it had: a replay, or a source that was away for a while. */
    fireAgain: (labels?: Record<string, string>) => send("firing", labels),
    resolve: (labels?: Record<string, string>, group?: Parameters<typeof send>[2]) =>
      send("resolved", labels, group),
    raw,
    reopen: open,
    told,
    startWatch,
    vote,
    pass,
    settle,
    newest,
    now: ports.now,
    /** The clock is set, forwards or back; nothing that falls due on the way is done. */
    jump: (ms: number) => {
      now = new Date(now.getTime() + ms);
    },
    /** What the start after a power cut does. */
    restart: async () => {
      await store.queue.releaseAll();
      await store.executions.giveUpInterrupted();
      await settle();
    },
    database: join(folder, "journey.db"),
    enableAutohealing: () => switches.enable("ana"),
    disableAutohealing: (change = { forMs: null as number | null, all: false }) =>
      switches.disable("ana", change),
    editRunbook: (edit: (text: string) => string) =>
      writeFileSync(runbookFile, edit(readFileSync(runbookFile, "utf8"))),
    writePolicy: (text: string) => writeFileSync(policyFile, text),
    removeRunbook: () => rmSync(runbookFile),
  };
}
