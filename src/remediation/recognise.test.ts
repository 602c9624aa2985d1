import { expect, it } from "vitest";
import { isInRunbooks } from "./recognise.ts";
import type { Runbook } from "./runbook.ts";
import { Action } from "./runbook.ts";

const action = Action.parse({
  id: "restart",
  title: "Restart it",
  risk: "low",
  executor: "command",
  with: { argv: ["/bin/restart", "--unit={{params.unit}}", "{{params.unit}}", "{{target.host}}"] },
  precondition: {
    probe: { executor: "docker", with: { op: "inspect", container: "{{params.unit}}" } },
    expect: { state: "dead" },
  },
  verify: {
    probe: {
      executor: "command",
      with: { argv: ["/bin/test", "-e", "{{params.unit}}-{{params.n}}"] },
    },
    expect: { exit_code: 0 },
  },
  dry_run: { with: { argv: ["/bin/restart", "--check", "{{params.unit}}"] } },
});
const runbook: Runbook = {
  id: "web",
  title: "Web",
  match: {},
  params: {
    unit: { from: ["labels.unit"], pattern: "[a-z.(]+" },
    n: { from: ["labels.n"], pattern: "[0-9]+" },
  },
  evidence: [
    { id: "disk", title: "Disk", probe: { executor: "command", with: { argv: ["/bin/df", "/"] } } },
  ],
  actions: [action],
  sha256: "",
  body: "",
};
const target = { name: "web", host: "web.lan" };

function argv(...words: string[]) {
  return { executor: "command", with: { argv: words } };
}

it.each([
  ["evidence", { what: "probe", ...argv("/bin/df", "/") }],
  [
    "a precondition",
    { what: "probe", executor: "docker", with: { op: "inspect", container: "nginx" } },
  ],
  [
    "a check afterwards, two values in one word",
    { what: "probe", ...argv("/bin/test", "-e", "a.b-12") },
  ],
  ["a dry run of its own", { what: "probe", ...argv("/bin/restart", "--check", "a(b") }],
  ["an action", { what: "action", ...argv("/bin/restart", "--unit=a", "a", "web.lan") }],
] as const)("knows %s again", (_, asked) => {
  expect(isInRunbooks([runbook], asked, target)).toBe(true);
});

it.each([
  ["an action as a probe", { what: "probe", ...argv("/bin/restart", "--unit=a", "a", "web.lan") }],
  ["a value that its pattern forbids", { what: "probe", ...argv("/bin/restart", "--check", "A") }],
  ["a value that begins with a dash", { what: "probe", ...argv("/bin/restart", "--check", "-a") }],
  [
    "two values for one parameter",
    { what: "action", ...argv("/bin/restart", "--unit=a", "b", "web.lan") },
  ],
  ["another target", { what: "action", ...argv("/bin/restart", "--unit=a", "a", "db.lan") }],
  ["one word more", { what: "probe", ...argv("/bin/df", "/", "/etc") }],
  ["one word less", { what: "probe", ...argv("/bin/df") }],
  ["another program", { what: "probe", ...argv("/bin/cat", "/") }],
  ["another executor", { what: "probe", executor: "ssh", with: { argv: ["/bin/df", "/"] } }],
  [
    "a key more",
    { what: "probe", executor: "docker", with: { op: "inspect", container: "a", all: true } },
  ],
] as const)("P1 does not know %s", (_, asked) => {
  expect(isInRunbooks([runbook], asked, target)).toBe(false);
});

it("P1 fills no target in where there is none", () => {
  const asked = { what: "action", ...argv("/bin/restart", "--unit=a", "a", "web.lan") } as const;
  expect(isInRunbooks([runbook], asked, null)).toBe(false);
  expect(isInRunbooks([runbook], { what: "probe", ...argv("/bin/df", "/") }, null)).toBe(true);
});
