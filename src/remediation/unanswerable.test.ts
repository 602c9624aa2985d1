import { expect, it } from "vitest";
import { builtInPolicy } from "./policy.ts";
import type { Action, Runbook } from "./runbook.ts";
import { RunbookHead } from "./runbook.ts";
import { unanswerable } from "./unanswerable.ts";

const owner = builtInPolicy({ adminIds: { telegram: [], slack: [] }, dataDir: "/data" });
const person = (name: string) => ({
  name,
  roles: ["viewer" as const, "approver" as const],
  accounts: { telegram: [], slack: [] },
});
const two = { ...owner, people: [person("ana"), person("ben")] };

function aRunbook(action: Partial<Record<keyof Action, unknown>>): Runbook {
  const head = RunbookHead.parse({
    id: "db-down",
    title: "The database is down",
    match: { alertname: "DbDown" },
    actions: [
      { id: "restart", title: "Restart", risk: "medium", executor: "command", with: {}, ...action },
    ],
  });
  return { ...head, sha256: "0".repeat(64), body: "" };
}

it.each([
  ["a role that people hold", { approvers: "approver" }],
  ["a person of the policy", { approvers: "ben" }],
  ["nobody in particular", {}],
])("is content with %s", (_, action) => {
  expect(unanswerable(aRunbook(action), two)).toEqual([]);
});

it.each([
  ["somebody unknown", { approvers: "carl" }, "0 people for approvers: carl, and it takes 1"],
  [
    "one person for high risk",
    { approvers: "ben", risk: "high" },
    "1 people for approvers: ben, and it takes 2",
  ],
])("names %s", (_, action, text) => {
  expect(unanswerable(aRunbook(action), two)).toEqual([
    { runbookId: "db-down", message: expect.stringContaining(text) },
  ]);
});
