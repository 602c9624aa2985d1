import { expect, it } from "vitest";
import { createFlood } from "./flood.ts";

function flood(busy: number) {
  let at = 0;
  const { took, isOn } = createFlood(
    () => at,
    () => busy,
  );
  return {
    isOn,
    /** So many alerts a millisecond, for so long. */
    pour(perMs: number, ms: number) {
      for (const end = at + ms; at < end; at += 1) if (perMs > 0) took(perMs);
    },
  };
}

it.each([
  ["nothing", 0, 1, false],
  ["a few, whatever else the process does", 50 / 1000, 1, false],
  ["one in a millisecond, on and on, and time for more", 1, 0.5, false],
  ["one in a millisecond, on and on, and time for nothing else", 1, 0.9, true],
])("%s", (_, perMs, busy, isOn) => {
  const one = flood(busy);
  one.pour(perMs, 1_000);
  expect(one.isOn()).toBe(isOn);
});

it("is over soon after the last alert, and not one for a single large body", () => {
  const one = flood(1);
  one.pour(500, 1);
  one.pour(0, 30_000);
  one.pour(1, 100);
  expect(one.isOn()).toBe(false);

  one.pour(1, 1_000);
  one.pour(0, 400);
  expect(one.isOn()).toBe(false);
});
