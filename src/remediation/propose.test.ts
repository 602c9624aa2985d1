import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "./parse-policy.ts";
import { parseRunbook } from "./parse-runbook.ts";
import type { Policy } from "./policy.ts";
import { builtInPolicy } from "./policy.ts";
import { looksOf, propose, proposeAction, rebuild } from "./propose.ts";
import type { Runbook } from "./runbook.ts";
import { actionOf } from "./runbook.ts";

const around = { adminIds: { telegram: [], slack: [] }, dataDir: "/data" };
const easy = { describe: () => undefined, describeProbe: () => undefined };
const executors = new Map(["docker", "ssh", "command"].map((name) => [name, easy] as const));

function runbookFrom(file: string, text: string): Runbook {
  const parsed = parseRunbook(file, Buffer.from(text), executors);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.runbook;
}

function policyOf(text: string): Policy {
  const parsed = parsePolicy("policy.yaml", Buffer.from(text), around);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

const [containerDown, testAlert, unknownAlert] = [
  "container-down",
  "test-alert",
  "unknown-alert",
].map((id) => runbookFrom(`runbooks/${id}.md`, readFileSync(`runbooks/${id}.md`, "utf8"))) as [
  Runbook,
  Runbook,
  Runbook,
];
const runbooks = [containerDown, testAlert, unknownAlert];
const policy = policyOf(
  "targets: {nginx: {executor: docker}, web: {executor: ssh, labels: {env: lab}, aliases: [10.0.0.1]}}",
);

function alertOf(labels: Record<string, string>) {
  return { labels, annotations: {} };
}

function small(action: string): Runbook {
  const text = `---\nid: x\ntitle: X\nmatch: {alertname: X}\nactions:\n  - {id: go, title: Go, risk: low, ${action}}\n---\n`;
  return runbookFrom("x.md", text);
}

const down = alertOf({ alertname: "ContainerDown", name: "nginx", instance: "host:8080" });

describe("an alert", () => {
  it("gets the action of the runbook that matches, filled in", () => {
    const offers = propose({ alert: down, runbooks, policy });

    expect(offers.runbook?.id).toBe("container-down");
    expect(offers.unfit).toEqual([]);
    expect(offers.candidates).toEqual([
      {
        runbookId: "container-down",
        runbookHash: containerDown.sha256,
        runbookTitle: "A container is down",
        actionId: "restart",
        actionTitle: "Restart the container",
        declaredRisk: "low",
        executor: "docker",
        params: { container: "nginx" },
        target: { name: "nginx", host: "nginx", executor: "docker", directory: "/" },
        with: { op: "restart", container: "nginx", timeout: "20s" },
        rollback: null,
      },
    ]);
  });

  it.each([
    ["warning", "append-low"],
    ["critical", "append-medium"],
  ])("with severity %s gets the test action %s, on the sandbox", (severity, action) => {
    const alert = alertOf({ alertname: "TestAlert", severity, instance: "test-instance:9100" });

    const { candidates } = propose({ alert, runbooks, policy: builtInPolicy(around) });

    expect(candidates.map(({ actionId, target }) => [actionId, target])).toEqual([
      [action, { name: "sandbox", host: "localhost", executor: "command", directory: "/data" }],
    ]);
  });

  it("that no runbook matches gets the fallback, and no other does", () => {
    expect(propose({ alert: alertOf({ alertname: "New" }), runbooks, policy })).toEqual({
      runbook: unknownAlert,
      candidates: [],
      unfit: [],
    });
    expect(
      propose({ alert: down, runbooks: [unknownAlert, containerDown], policy }).runbook?.id,
    ).toBe("container-down");
    expect(propose({ alert: down, runbooks: [], policy }).runbook).toBeNull();
  });

  it.each<[string, string, Record<string, string>, string, string]>([
    [
      "no container label",
      "container-down",
      {},
      "missing_label",
      'The alert has no label "name" or label "container", needed for "container".',
    ],
    [
      "a wrong one",
      "container-down",
      { name: "a b" },
      "unfit_value",
      'Label "name" is "a b": it does not match [a-zA-Z0-9][a-zA-Z0-9_.-]{0,62} from end to end.',
    ],
    [
      "a container nobody listed",
      "container-down",
      { name: "redis" },
      "unknown_target",
      '"redis" is not in the inventory. Add to policy.yaml under targets: redis: {executor: docker}',
    ],
    [
      "a container listed as a host",
      "container-down",
      { name: "web" },
      "wrong_executor",
      '"web" is in the inventory for ssh, but this action needs docker. Add a target with executor: docker to policy.yaml.',
    ],
  ])("with %s says what to mend", (_, id, labels, rule, text) => {
    const alert = alertOf({ alertname: "ContainerDown", ...labels });

    const { candidates, unfit } = propose({ alert, runbooks, policy });

    expect(candidates).toEqual([]);
    expect(unfit).toEqual([expect.objectContaining({ runbookId: id, reason: { rule, text } })]);
  });

  it("finds no target for anything while the policy can't be read", () => {
    expect(propose({ alert: down, runbooks, policy: null })).toMatchObject({
      runbook: { id: "container-down" },
      candidates: [],
      unfit: [{ reason: { rule: "no_policy" } }],
    });
  });
});

describe("the target of an action", () => {
  const argv = "with: {argv: [/bin/true]}";

  it.each<[string, string, string | undefined, string]>([
    ["an action that lists none", `executor: ssh, ${argv}`, "web", "target_not_allowed"],
    [
      "an action with an empty list",
      `executor: ssh, ${argv}, targets: []`,
      "web",
      "target_not_allowed",
    ],
    [
      "an action with empty labels",
      `executor: ssh, ${argv}, targets: {labels: {}}`,
      "web",
      "target_not_allowed",
    ],
    [
      "other labels",
      `executor: ssh, ${argv}, targets: {labels: {env: prod}}`,
      "web",
      "target_not_allowed",
    ],
    ["another name", `executor: ssh, ${argv}, targets: [db]`, "web", "target_not_allowed"],
    ["its labels", `executor: ssh, ${argv}, targets: {labels: {env: lab}}`, "web", "web"],
    ["its name", `executor: ssh, ${argv}, targets: [web]`, "web", "web"],
    [
      "all, by an alias with a port",
      `executor: ssh, ${argv}, targets: all`,
      "10.0.0.1:9100",
      "web",
    ],
    [
      "an alert without instance",
      `executor: ssh, ${argv}, targets: all`,
      undefined,
      "missing_label",
    ],
    [
      "the sandbox, which is kept for test-alert",
      `executor: command, ${argv}, targets: all`,
      "sandbox",
      "reserved_target",
    ],
    ["a look-alike", `executor: ssh, ${argv}, targets: all`, "w\u0435b", "unfit_target"],
    ["an option", `executor: ssh, ${argv}, targets: all`, "-oProxyCommand=x", "unfit_target"],
    [
      "an address in brackets",
      `executor: ssh, ${argv}, targets: all`,
      "[::1]:9100",
      "unknown_target",
    ],
  ])("T41 with %s", (_, action, instance, expected) => {
    const alert = alertOf({ alertname: "X", ...(instance === undefined ? {} : { instance }) });

    const { candidates, unfit } = propose({ alert, runbooks: [small(action)], policy });

    expect(candidates[0]?.target.name ?? unfit[0]?.reason.rule).toBe(expected);
  });
});

describe("a person's own choice", () => {
  const action = actionOf(containerDown, "restart");

  it("passes the same checks as an alert", () => {
    if (action === null) throw new Error("no action");
    const words = alertOf({});
    const wish = { runbook: containerDown, action, words, policy };

    expect(proposeAction({ ...wish, params: { container: "nginx" } })).toMatchObject({ ok: true });
    expect(proposeAction({ ...wish, params: { container: "-x" } })).toMatchObject({ ok: false });
    expect(proposeAction({ ...wish, params: { container: "nginx" }, target: "web" })).toMatchObject(
      {
        unfit: { reason: { rule: "wrong_executor" } },
      },
    );
  });
});

describe("an action built again from stored values", () => {
  const [proposal] = propose({ alert: down, runbooks, policy }).candidates;
  if (proposal === undefined) throw new Error("no proposal");
  const stored = {
    runbook: containerDown,
    actionId: "restart",
    params: proposal.params,
    target: proposal.target,
  };

  it("is the same as it was proposed, with its checks filled in", () => {
    const rebuilt = rebuild(stored);

    expect(rebuilt).toMatchObject({
      ok: true,
      value: {
        with: proposal.with,
        precondition: {
          probe: { executor: "docker", with: { op: "inspect", container: "nginx" } },
          expect: { state: ["exited", "dead", "unhealthy"] },
        },
        verify: {
          alert: "resolved",
          probe: { executor: "docker", with: { op: "inspect", container: "nginx" } },
          expect: { state: ["running"] },
          withinMs: 360_000,
        },
        dryRun: null,
      },
    });
  });

  it.each([
    ["an action that is gone", { actionId: "stop" }, "unknown_action"],
    ["a value that no longer fits", { params: { container: "a b" } }, "unfit_value"],
    ["a parameter that is gone", { params: { container: "a", old: "b" } }, "unknown_param"],
    ["a parameter that is new", { params: {} }, "missing_label"],
  ])("T39 is refused for %s", (_, change, rule) => {
    expect(rebuild({ ...stored, ...change })).toMatchObject({ ok: false, reason: { rule } });
  });
});

describe("what a runbook wants looked at", () => {
  it("is filled for the alert, with the target that its action would touch", () => {
    const { candidates } = propose({ alert: down, runbooks, policy });

    expect(looksOf(containerDown, down, candidates)).toMatchObject([
      { ok: true, evidence: { promql: 'changes(container_start_time_seconds{name="nginx"}[1h])' } },
      { ok: true, evidence: { logql: '{container="nginx"}' } },
      {
        ok: true,
        target: { name: "nginx" },
        evidence: { probe: { with: { container: "nginx" } } },
      },
    ]);
  });

  it("says what is missing, item by item", () => {
    const looks = looksOf(unknownAlert, alertOf({}), []);

    expect(looks).toHaveLength(5);
    expect(looks.every((look) => !look.ok && look.reason.rule === "missing_label")).toBe(true);
  });
});
