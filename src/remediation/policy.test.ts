import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { parsePolicy } from "./parse-policy.ts";
import type { Policy } from "./policy.ts";
import {
  builtInPolicy,
  ignoreRuleFor,
  isProtected,
  isSolo,
  peopleWho,
  personByAccount,
  resolveTarget,
  routeOf,
} from "./policy.ts";

const around = { adminIds: { telegram: ["7", "8"], slack: ["T01:U01"] }, dataDir: "/data" };

const full = `people:
  - {name: ana, telegram: 7, slack: T01:U01, roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, slack: T01:U02, roles: [operator, approver]}
api_keys:
  - {name: kpi-agent, sha256: ${"ab".repeat(32)}, may_propose: [container-down]}
freeze: [{title: Backups, cron: '0 2 * * *', for: 1h}]
protected: [pve]
targets:
  nginx: {executor: docker}
  web-01: {executor: ssh, host: web, aliases: [192.168.1.101], labels: {env: lab}}
  web-docker: {executor: docker, aliases: [192.168.1.101, pve]}
alerts:
  ignore: [{alertname: /Info.*/}, {alertname: Watchdog, deadman: 15m}]
  route: [{match: {severity: critical}, to: [telegram, slack, pagerduty]}, {match: {}, to: [telegram]}]
`;

function parse(text: string) {
  return parsePolicy("policy.yaml", Buffer.from(text), around);
}

function policyOf(text: string): Policy {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

function problemsOf(text: string): string[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe("without a file", () => {
  const policy = builtInPolicy(around);

  it("T07 all admin ids and the console's owner are one person with every role", () => {
    const accounts = [
      personByAccount(policy, "telegram", "7"),
      personByAccount(policy, "telegram", "8"),
      personByAccount(policy, "slack", "T01:U01"),
      personByAccount(policy, "console", "owner"),
    ];

    expect(accounts.map((person) => person?.name)).toEqual(["owner", "owner", "owner", "owner"]);
    expect(peopleWho(policy, "approver")).toHaveLength(1);
    expect(personByAccount(policy, "telegram", "9")).toBeNull();
    expect(personByAccount(policy, "slack", "T02:U01")).toBeNull();
    expect(isSolo(policy)).toBe(true);
  });

  it("only the sandbox can be touched, and only by test-alert", () => {
    expect(policy.targets).toEqual([
      expect.objectContaining({ name: "sandbox", directory: "/data", reservedFor: "test-alert" }),
    ]);
    expect(resolveTarget(policy, "test-instance", "command")).toMatchObject({ ok: true });
  });

  it("the limits and times are those of the manual", () => {
    expect(policy.approval).toEqual({
      low: { auto: true, earned: { verifiedInARow: 10, noneRejectedInMs: 2_592_000_000 } },
      medium: {
        approvers: "approver",
        quorum: 1,
        remindMs: 300_000,
        escalateMs: 480_000,
        expiresMs: 900_000,
        isReasonRequired: false,
      },
      high: {
        approvers: "approver",
        quorum: 2,
        remindMs: 180_000,
        escalateMs: 360_000,
        expiresMs: 600_000,
        isReasonRequired: true,
      },
    });
    expect(policy.limits).toEqual({
      executionsPerHour: 10,
      targetsPerPlan: 1,
      breaker: { failures: 3, openMs: 3_600_000 },
    });
    expect(policy.protected).toEqual(["countersign"]);
  });
});

describe("a policy file", () => {
  const policy = policyOf(full);

  it("lists the people, and then admin ids and owner do not count", () => {
    expect(policy.people.map(({ name }) => name)).toEqual(["ana", "ben"]);
    expect(personByAccount(policy, "console", "owner")).toBeNull();
    expect(personByAccount(policy, "telegram", "8")?.roles).toEqual([
      "viewer",
      "operator",
      "approver",
    ]);
    expect(peopleWho(policy, "ben").map(({ name }) => name)).toEqual(["ben"]);
    expect(isSolo(policy)).toBe(false);
  });

  it.each([
    ["by its name", "nginx", "docker", "nginx"],
    ["by an alias, for the executor asked for", "192.168.1.101", "ssh", "web-01"],
    ["by the same alias for another executor", "192.168.1.101", "docker", "web-docker"],
    ["not by the beginning of its name", "ngin", "docker", "unknown_target"],
    ["not by a pattern", "*", "docker", "unknown_target"],
    ["not in other letters", "Nginx", "docker", "unknown_target"],
    ["not for another executor", "nginx", "ssh", "wrong_executor"],
  ])("T41 a target is found %s", (_, text, executor, expected) => {
    const found = resolveTarget(policy, text, executor);

    expect(found.ok ? found.target.name : found.reason.rule).toBe(expected);
  });

  it("says exactly what to add where a target is unknown", () => {
    expect(resolveTarget(policy, "redis", "docker")).toMatchObject({
      reason: {
        text: '"redis" is not in the inventory. Add to policy.yaml under targets: redis: {executor: docker}',
      },
    });
  });

  it("T47 protects a target under any of its names", () => {
    expect(["pve", "web-docker", "nginx"].map((name) => isProtected(policy, name))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("ignores and routes alerts by their labels", () => {
    expect(ignoreRuleFor(policy, { alertname: "Watchdog" })?.deadmanMs).toBe(900_000);
    expect(ignoreRuleFor(policy, { alertname: "InfoInhibitor" })?.deadmanMs).toBeNull();
    expect(ignoreRuleFor(policy, { alertname: "HighCPU" })).toBeNull();
    expect(routeOf(policy, { severity: "critical" })).toEqual(["telegram", "slack", "pagerduty"]);
    expect(routeOf(policy, {})).toEqual(["telegram"]);
    expect(routeOf(builtInPolicy(around), {})).toBeNull();
  });

  it("keeps the sandbox unless it names it itself", () => {
    const own = policyOf("targets: {sandbox: {executor: docker}}");
    const alias = policyOf("targets: {box: {executor: docker, aliases: [lab]}}");

    expect(own.targets.map(({ name, reservedFor }) => [name, reservedFor])).toEqual([
      ["sandbox", null],
    ]);
    expect(alias.targets.at(-1)).toMatchObject({ name: "sandbox", aliases: ["test-instance"] });
  });

  it("changes its hash with every byte", () => {
    expect(policyOf("people: []").hash).not.toBe(policyOf("people: [] ").hash);
    expect(policyOf("{}").hash).not.toBe(builtInPolicy(around).hash);
  });

  it("has an example that loads as it is, and with every line in use", () => {
    const example = readFileSync("runbooks/policy.example.yaml", "utf8");
    const used = example.replace(/^# (?=[a-z_]+:| {2})/gm, "");

    expect(problemsOf(example)).toEqual([]);
    expect(policyOf(used).people.map(({ name }) => name)).toEqual(["ana", "ben"]);
    expect(policyOf(used).approval).toEqual(builtInPolicy(around).approval);
    expect(policyOf(used).limits).toEqual(builtInPolicy(around).limits);
  });

  const people = full.slice(0, full.indexOf("api_keys"));
  const SCOPE = "must name targets, or what to match, and not both; a freeze is for everything";
  const rota = (overrides: string) =>
    `rota: {people: [ana, ben], starts: 2026-11-02 09:00, overrides: [${overrides}]}\n`;
  it.each<[string, string, string]>([
    [
      "a service without its address",
      "targets: {r: {executor: http}}\n",
      "1: targets.r.host must be the service's address, such as https://router.lan:8443",
    ],
    [
      "a service with a password in its address",
      "targets: {r: {executor: http, host: 'https://a:b@r'}}\n",
      "1: targets.r.host must be the service's address, such as https://router.lan:8443, in lower case, without user, query or a slash at its end",
    ],
    [
      "a machine under a service's address",
      "targets: {r: {executor: ssh, host: 'https://r'}}\n",
      "1: targets.r.host must be plain letters, digits and . _ : @ -",
    ],
    [
      "a token for a machine",
      "targets: {r: {executor: ssh, token_file: /etc/t}}\n",
      "1: targets.r.token_file is for executor: http only",
    ],
    [
      "a guest by its name",
      "targets: {r: {executor: proxmox, host: dns}}\n",
      "1: targets.r.host must be lxc: or vm: and the guest's number, such as lxc:105",
    ],
    [
      "a part of a cluster without its kind",
      "targets: {r: {executor: kubernetes, host: web}}\n",
      "1: targets.r.host must be namespace:deployment:name (or statefulset, daemonset) or node:name, such as default:deployment:web",
    ],
    ["a misspelt key", "protectd: []\n", '1: unknown key "protectd"; did you mean "protected"?'],
    [
      "an unknown approver",
      `${people}approval: {medium: {approvers: zoe}}\n`,
      '4: nobody is called "zoe"; roles are viewer, operator, approver, admin, people are ana, ben',
    ],
    [
      "nobody to escalate to",
      "escalation: {to: zoe}\n",
      '1: nobody is called "zoe"; roles are viewer, operator, approver, admin, people are owner',
    ],
    [
      "a name twice",
      `${people}  - {name: ana, roles: [viewer]}\n`,
      "4: the name ana already belongs to person 1",
    ],
    [
      "a telegram account twice",
      `${people}  - {name: eve, telegram: 7, roles: [viewer]}\n`,
      "4: telegram 7 already belongs to ana",
    ],
    [
      "a slack account twice",
      `${people}  - {name: eve, slack: T01:U01, roles: [viewer]}\n`,
      "4: slack T01:U01 already belongs to ana",
    ],
    [
      "a person called like a role",
      "people: [{name: admin, roles: [viewer]}]\n",
      "1: people[0].name must not be the name of a role",
    ],
    [
      "a quorum of one for high risk",
      `${people}approval:\n  high:\n    quorum: 1\n`,
      "6: 2 people can approve high risk, so its quorum must be at least 2",
    ],
    [
      "a quorum nobody can meet",
      `${people}approval: {high: {quorum: 3}}\n`,
      "4: only 2 people can approve high risk, so a quorum of 3 could never be met",
    ],
    [
      "calling who is on call without a rota",
      "escalation: {to: on_call}\n",
      "1: on_call needs a rota that says who that is",
    ],
    [
      "a person called on_call",
      "people: [{name: on_call, roles: [viewer]}]\n",
      "1: people[0].name must not be on_call, which means whoever the rota names",
    ],
    [
      "an approver by the rota",
      `${people}approval: {medium: {approvers: on_call}}\n`,
      '4: nobody is called "on_call"; roles are viewer, operator, approver, admin, people are ana, ben',
    ],
    [
      "nobody in the rota",
      "rota: {people: [], starts: 2026-11-02 09:00}\n",
      "1: rota.people must name at least one person",
    ],
    [
      "a stranger in the rota",
      "rota: {people: [owner, zoe], starts: 2026-11-02 09:00}\n",
      '1: nobody is called "zoe" in people',
    ],
    [
      "somebody on call who may approve nothing",
      `${people}  - {name: vic, roles: [operator]}\n${rota("{from: 2026-12-24 09:00, to: 2026-12-27 09:00, person: vic}")}`,
      "5: vic can't approve medium risk (that takes approver), and being on call gives nobody a right",
    ],
    [
      "an override that ends before it begins",
      `${people}${rota("{from: 2026-12-27 09:00, to: 2026-12-27 09:00, person: ana}")}`,
      "4: rota.overrides[0].to must be later than from",
    ],
    [
      "two overrides at a time",
      `${people}${rota(
        "{from: 2026-12-24 09:00, to: 2026-12-27 09:00, person: ana}, {from: 2026-12-26 09:00, to: 2026-12-28 09:00, person: ben}",
      )}`,
      "4: overlaps override 1, so that two would be on call",
    ],
    ...["2026-11-31 09:00", "2026-11-02 24:00", "2026-11-02", "2026-11-02T09:00:00Z", "monday"].map(
      (time): [string, string, string] => [
        `a rota from ${time} on`,
        `rota: {people: [owner], starts: '${time}'}\n`,
        "1: rota.starts must be a date and a time of this machine's clock, such as 2026-12-24 09:00",
      ],
    ),
    ...[
      ["for nothing", "for: 1h, cron: '0 3 * * *'", SCOPE],
      ["for every alert", "match: {}, for: 1h, cron: '0 3 * * *'", SCOPE],
      ["for both", "targets: [sandbox], match: {a: b}, for: 1h, cron: '0 3 * * *'", SCOPE],
      ["without a time", "targets: [sandbox]", "must have cron and for, or from and to"],
      [
        "without an end",
        "targets: [sandbox], cron: '0 3 * * *'",
        "must have cron and for, or from and to",
      ],
      [
        "with half a date",
        "targets: [sandbox], from: 2026-12-01 22:00",
        "must have cron and for, or from and to",
      ],
      [
        "with two times",
        "targets: [sandbox], cron: '0 3 * * *', for: 1h, from: 2026-12-01 22:00, to: 2026-12-02 04:00",
        "must have cron and for, or from and to",
      ],
      [
        "that ends before it begins",
        "targets: [sandbox], from: 2026-12-02 22:00, to: 2026-12-02 04:00",
        "must have a to that is later than its from",
      ],
    ].map(([what, rest, problem]): [string, string, string] => [
      `a maintenance ${what}`,
      `maintenance: [{title: X, ${rest}}]\n`,
      `1: maintenance[0] ${problem}`,
    ]),
    [
      "a maintenance of a stranger",
      "maintenance: [{title: X, targets: [sandbox, pve], cron: '0 3 * * *', for: 1h}]\n",
      '1: no target is called "pve"; there are sandbox',
    ],
    [
      "nothing in it, as a write that was cut short leaves it",
      "\n",
      "1: is empty; for the built-in policy remove the file, or write {} into it",
    ],
    [
      "a wrong cron",
      "freeze: [{title: X, cron: '99 * * * *', for: 1h}]\n",
      "1: freeze[0].cron is not a cron expression, such as 0 2 * * *",
    ],
    [
      "an alias twice",
      "targets:\n  a: {executor: docker, aliases: [x]}\n  b: {executor: docker, aliases: [x]}\n",
      "3: alias x already belongs to the docker target a",
    ],
    [
      "an alias that is a name",
      "targets:\n  a: {executor: docker, aliases: [b]}\n  b: {executor: docker}\n",
      "2: alias b already belongs to the docker target b",
    ],
    [
      "a target that looks like an option",
      "targets:\n  -x: {executor: docker}\n",
      "2: targets.-x must be plain letters, digits and . _ : @ -",
    ],
    [
      "an ignore rule for everything",
      "alerts: {ignore: [{deadman: 5m}]}\n",
      "1: alerts.ignore[0] would ignore every alert; name at least one label",
    ],
    [
      "a plain key",
      "api_keys: [{name: x, sha256: secret}]\n",
      "1: api_keys[0].sha256 must be 64 hex digits, the SHA-256 of the key",
    ],
  ])("is refused for %s, with the line", (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it("has a rota by this machine's clock, and one override may follow another", () => {
    const overrides =
      "{from: 2026-12-24 09:00, to: 2026-12-27 09:00, person: ana}, {from: 2026-12-27 09:00, to: 2026-12-28 09:00, person: ben}";
    const found = policyOf(`${people}${rota(overrides)}escalation: {to: on_call}\n`);

    expect(found.escalation).toEqual({ to: null });
    expect(found.rota).toMatchObject({
      people: ["ana", "ben"],
      starts: new Date(2026, 10, 2, 9),
      overrides: [{ person: "ana" }, { person: "ben", from: new Date(2026, 11, 27, 9) }],
    });
  });

  it("knows no time that the clock leaves out in spring", () => {
    vi.stubEnv("TZ", "Europe/Berlin");
    const problems = problemsOf("rota: {people: [owner], starts: 2026-03-29 02:30}\n");
    vi.unstubAllEnvs();

    expect(problems).toEqual([expect.stringContaining("this machine's clock")]);
  });

  it.each([
    ["auto", "ana", true],
    ["true", "approver", true],
    ["false", "ana", false],
  ])("with solo_mode %s and %s as approver is solo: %s", (mode, who, expected) => {
    const rule = `{approvers: ${who}}`;
    const text = `${people}solo_mode: ${mode}\napproval: {medium: ${rule}, high: ${rule}}\n`;

    expect(isSolo(policyOf(text))).toBe(expected);
  });
});
