import { expect, it } from "vitest";
import { createFlood } from "./flood.ts";

function flood() {
  let at = 0;
  const { took, isOn } = createFlood(() => at);
  return {
    isOn,
    /** So many alerts a millisecond, for so long. */
    pour(perMs: number, ms: number) {
      for (const end = at + ms; at < end; at += 1) if (perMs > 0) took(perMs);
    },
  };
}

it.each([
  ["nothing", 0, false],
  ["ten thousand in a minute", 10_000 / 60_000, false],
  ["ten in a millisecond, on and on", 10, true],
  ["one in a millisecond, on and on", 1, true],
])("%s", (_, perMs, isOn) => {
  const one = flood();
  one.pour(perMs, 1_000);
  expect(one.isOn()).toBe(isOn);
});

it("is over soon after the last alert, and not one for a single large body", () => {
  const one = flood();
  one.pour(500, 1);
  one.pour(0, 5_000);
  one.pour(1, 100);
  expect(one.isOn()).toBe(false);

  one.pour(1, 1_000);
  one.pour(0, 400);
  expect(one.isOn()).toBe(false);
});
