import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { promqlFlaw } from "../src/evidence/promql.ts";
import { createMetrics } from "../src/metrics.ts";

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly w: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const { panels } = JSON.parse(readFileSync("grafana/countersign.json", "utf8")) as Dashboard;
const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

it("the dashboard asks for metrics and labels that the program has, in PromQL that can be read", async () => {
  const metrics = createMetrics(async () => ({ propose: 1 }));
  metrics.refused("not_allowed");
  metrics.chatFailed("telegram", "post");
  metrics.carded("telegram", new Date(0), new Date(1));
  const exposed = await metrics.text();

  for (const query of queries) {
    const plain = query
      .replaceAll("$__rate_interval", "5m")
      .replaceAll("$__range", "1d")
      .replaceAll("$instance", ".*");
    expect(promqlFlaw(plain)).toBeNull();
    for (const [name] of query.matchAll(/countersign_\w+/g)) {
      expect(exposed).toMatch(new RegExp(`^${name}[{ ]`, "m"));
    }
    const by = /by \(([^)]+)\)/.exec(query)?.[1]?.split(", ") ?? [];
    const name = /countersign_\w+/.exec(query)?.[0] ?? "";
    for (const label of by)
      expect(exposed).toMatch(new RegExp(`^${name}\\{[^}]*\\b${label}="`, "m"));
  }
  expect(queries.length).toBeGreaterThan(15);
});

it("every metric of the program's own stands on it", async () => {
  const names = [
    ...(await createMetrics(async () => ({})).text()).matchAll(/^# TYPE (countersign_\w+)/gm),
  ]
    .map(([, name]) => name ?? "")
    .filter((name) => !/nodejs|process|head_hash/.test(name));

  expect(names.filter((name) => !queries.some((query) => query.includes(name)))).toEqual([]);
});

it("its panels have ids of their own and fit the grid", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});
