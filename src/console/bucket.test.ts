import { expect, it } from "vitest";
import { createBucket } from "./bucket.ts";

it("lets a burst through, then one at a time as time passes, for each key alone", () => {
  let now = 0;
  const bucket = createBucket({ burst: 2, everyMs: 1000, now: () => new Date(now) });

  const burst = [bucket.take("a"), bucket.take("a"), bucket.take("a"), bucket.take("b")];
  now = 1000;
  const later = [bucket.take("a"), bucket.take("a")];

  expect(burst).toEqual([true, true, false, true]);
  expect(later).toEqual([true, false]);
});

it("is not refilled by a clock that goes back", () => {
  let now = 10_000;
  const bucket = createBucket({ burst: 1, everyMs: 1000, now: () => new Date(now) });
  bucket.take("a");

  now = 5_000;

  expect(bucket.take("a")).toBe(false);
});
