import { describe, expect, it } from "vitest";
import { parseRunbook } from "./parse-runbook.ts";
import { sharedAlerts } from "./shared-alerts.ts";

/** Of runbooks called a, b, c in this order, with these matches. */
function sharedBy(...matches: readonly object[]): string[] {
  const runbooks = matches.map((match, at) => {
    const id = "abc".charAt(at);
    const text = `---\nid: ${id}\ntitle: T\nmatch: ${JSON.stringify(match)}\n---\nProse.\n`;
    const parsed = parseRunbook(`${id}.md`, Buffer.from(text), new Map());
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.runbook;
  });
  return sharedAlerts(runbooks);
}

describe("two runbooks for one alert", () => {
  it("are named, with what becomes of the alert", () => {
    expect(sharedBy({ alertname: ["Y", "X", "Z"] }, { alertname: ["X", "Y"] })).toEqual([
      "runbooks/a.md and runbooks/b.md both match X, Y: cards show the evidence and the prose of a, the first by name, and offer the actions of both",
    ]);
  });

  it.each([
    ["a pattern", { alertname: "/Disk.*/" }, { alertname: ["DiskFull", "X"] }, "DiskFull"],
    ["a pattern that comes later", { alertname: "DiskFull" }, { alertname: "/D.*/" }, "DiskFull"],
    ["any name", { severity: "page" }, { alertname: "X" }, "X"],
    ["one with more labels", { alertname: "X" }, { alertname: "X", name: "web" }, "X"],
    ["the same label", { alertname: "X", name: ["a", "b"] }, { alertname: "X", name: "b" }, "X"],
    ["a label's pattern", { alertname: "X", name: "/w.*/" }, { alertname: "X", name: "web" }, "X"],
    ["two patterns", { alertname: "X", name: "/w.*/" }, { alertname: "X", name: "/.*b/" }, "X"],
  ])("are found behind %s", (_, first, second, name) => {
    expect(sharedBy(first, second)).toEqual([expect.stringContaining(`both match ${name}:`)]);
  });

  it.each([
    ["other names", { alertname: "X" }, { alertname: "Y" }],
    ["a label that can't be both", { alertname: "X", env: "lab" }, { alertname: "X", env: "prod" }],
    ["a label's other pattern", { alertname: "X", env: "lab" }, { alertname: "X", env: "/p.*/" }],
    ["the fallback", { alertname: "X" }, {}],
  ])("are not seen in %s", (_, first, second) => {
    expect(sharedBy(first, second)).toEqual([]);
  });

  it("are named pair by pair", () => {
    expect(sharedBy({ alertname: "X" }, { alertname: "X" }, { alertname: "X" })).toHaveLength(3);
  });
});
