import { expect, it } from "vitest";
import { fingerprintOf, nameOf, severityOf } from "./alert.ts";

it.each([
  ["critical", "critical"],
  ["Warning", "warning"],
  ["INFO", "info"],
  ["page", null],
  ["", null],
  [undefined, null],
])("takes severity %s for %s", (severity, expected) => {
  expect(severityOf(severity === undefined ? {} : { severity })).toBe(expected);
});

it("finds a name in any body", () => {
  expect(nameOf({ alertname: "A", rule_name: "R" })).toBe("A");
  expect(nameOf({ alertname: "", alert_name: "B" })).toBe("B");
  expect(nameOf({})).toBe("Alert without a name");
});

it("gives the same labels the same fingerprint in any order, and others another", () => {
  const one = fingerprintOf({ a: "1", b: "2" });

  expect(one).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprintOf({ b: "2", a: "1" })).toBe(one);
  for (const other of [
    { a: "1" },
    { a: "12", b: "" },
    { a: "2", b: "1" },
    { a: "1", b: "2", c: "" },
  ]) {
    expect(fingerprintOf(other)).not.toBe(one);
  }
});
