import { expect, it } from "vitest";
import { exponentOf } from "../../bench/stats.ts";

const SIZES = [1_000, 5_000, 20_000, 60_000, 150_000];

it.for([
  ["that never changes", () => 7, 0],
  ["in step with the size", (size: number) => size / 100, 1],
  ["with its square", (size: number) => size ** 2, 2],
  ["with its root", (size: number) => 3 * Math.sqrt(size), 0.5],
  ["that falls", (size: number) => 1 / size, -1],
] as const)("a time %s has its exponent", ([, timeOf, exponent]) => {
  expect(exponentOf(SIZES.map((size) => [size, timeOf(size)]))).toBeCloseTo(exponent, 10);
});

it("one time that is off bends the line by its share only", () => {
  const points = SIZES.map((size) => [size, size === 20_000 ? 20 : 10] as const);

  expect(Math.abs(exponentOf(points))).toBeLessThan(0.05);
});
