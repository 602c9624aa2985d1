import { expect, it } from "vitest";
import { sightingOf } from "./sighting.ts";

const sighting = { watch: "Slow", title: "T", promql: "up", series: { job: "shop" } };

it("is read of what Countersign noticed itself", () => {
  expect(sightingOf({ source: "countersign", extra: { sighting } })).toEqual(sighting);
});

it("T16 is not believed of anybody else who sends such a key", () => {
  expect(sightingOf({ source: "alertmanager", extra: { sighting } })).toBeNull();
});

it("is not there where no watch saw it", () => {
  expect(sightingOf({ source: "countersign", extra: null })).toBeNull();
});
