import { expect, it } from "vitest";
import { reason } from "./reason.ts";

const item = (id: string, status: "found" | "missing") => ({
  id,
  status,
  kind: "promql" as const,
  title: "t",
  text: "x",
  collectedAt: new Date(0),
});
const alert = { labels: { alertname: "WebDown" }, annotations: { summary: "It is down" } };
const runbook = { title: "The web service is down", isFallback: false };

it("says what the runbook is about and what the alert says, and cites what was found", () => {
  expect(reason(alert, runbook, [item("E1", "found"), item("E2", "missing")])).toEqual({
    by: "rules",
    cause: "The web service is down. The alert says: It is down",
    confidence: "medium",
    cites: ["E1"],
  });
});

it.each([
  ["without evidence", runbook, [item("E1", "missing")]],
  ["with the fallback", { ...runbook, isFallback: true }, [item("E1", "found")]],
  ["without a runbook", null, [item("E1", "found")]],
])("is not sure %s", (_, known, evidence) => {
  expect(reason(alert, known, evidence).confidence).toBe("low");
});

it("goes by the name where the alert says nothing", () => {
  expect(reason({ ...alert, annotations: {} }, null, []).cause).toContain("It says: WebDown");
});
