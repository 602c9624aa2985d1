import fc from "fast-check";
import { expect, it } from "vitest";
import { selectQuantile, spreadOf, tailOf } from "./robust.ts";

const values = (...numbers: number[]) => Float64Array.from(numbers);
const many = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });

it("knows median and spread of a sample by hand", () => {
  // Distances from 3: 2, 1, 0, 1, 97.
  expect(spreadOf(values(1, 2, 3, 4, 100))).toEqual({ median: 3, spread: 1.4826 });
});

it("falls back to the middle half where most values are alike, and to nothing where all are", () => {
  expect(spreadOf(values(5, 5, 5, 5, 5, 9, 9, 9))).toEqual({ median: 5, spread: 4 / 1.349 });
  expect(spreadOf(values(5, 5, 5))).toEqual({ median: 5, spread: 0 });
});

it("sees tails that the middle does not show, each by itself", () => {
  const bursts = Float64Array.from({ length: 100 }, (_, i) => (i % 5 === 0 ? 50 : 1));

  expect(tailOf(bursts, 1, false)).toBe(0);
  expect(tailOf(bursts, 1, true)).toBeCloseTo(49 / 1.2816);
});

it("selects the very quantile that sorting gives, and leaves what it was given as it was", () => {
  fc.assert(
    fc.property(many, fc.double({ min: 0, max: 1, noNaN: true }), (numbers, share) => {
      const sorted = [...numbers].sort((a, b) => a - b);
      const at = (sorted.length - 1) * share;
      const [low = 0, high = 0] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];

      const quantile = selectQuantile(Float64Array.from(numbers), share);

      expect(quantile).toBeCloseTo(low + (high - low) * (at - Math.floor(at)), 6);
    }),
  );
  fc.assert(
    fc.property(many, (numbers) => {
      const given = Float64Array.from(numbers);
      spreadOf(given);
      expect([...given]).toEqual(numbers);
    }),
  );
});

it("is not moved far by two fifths of wrong values", () => {
  const usual = Array.from({ length: 60 }, (_, i) => 10 + (i % 5));

  const { median, spread } = spreadOf(values(...usual, ...Array(40).fill(1e9)));

  expect(median).toBeLessThanOrEqual(14);
  expect(spread).toBeLessThan(10);
});
