import { describe, expect, it } from "vitest";
import { chooseRelated } from "./choose-related.ts";
import type { Metric } from "./signals.ts";

const metric = (name: string, count: number): Metric => ({ name, count, type: null, unit: null });
const namesOf = (...metrics: Metric[]) => chooseRelated(metrics).metrics.map(({ name }) => name);

describe("which of the metrics around an alert are compared with their past", () => {
  it("takes a metric that every service of a namespace has, dozens of them", () => {
    expect(namesOf(metric("container_cpu_percent", 40), metric("queue_length", 1))).toEqual([
      "queue_length",
      "container_cpu_percent",
    ]);
  });

  it("prefers what tells how a service does where not all fit, and recording rules to both", () => {
    const others = Array.from({ length: 300 }, (_, i) => metric(`thing_${i}`, 1));
    const chosen = namesOf(
      ...others,
      metric("service:saturation:ratio", 30),
      metric("container_memory_rss_bytes", 40),
    );
    expect(chosen.slice(0, 2)).toEqual(["service:saturation:ratio", "container_memory_rss_bytes"]);
    expect(chosen).toHaveLength(2 + 230);
  });

  it("leaves out what is a table of its own, and says how many", () => {
    const { metrics, leftOut } = chooseRelated([
      metric("container_cpu_percent", 101),
      metric("container_memory_rss_bytes", 2),
      metric("go_goroutines", 1),
    ]);
    expect(metrics.map(({ name }) => name)).toEqual(["container_memory_rss_bytes"]);
    expect(leftOut).toBe(1);
  });
});
