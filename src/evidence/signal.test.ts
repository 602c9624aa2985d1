import { expect, it } from "vitest";
import type { SignalKind, Unit } from "./signal.ts";
import { signal, signalOf } from "./signal.ts";

it.each<[string, SignalKind, Unit | null]>([
  ["container_memory_working_set_bytes", "memory", "bytes"],
  ["node_filesystem_avail_bytes", "disk", "bytes"],
  ["node_disk_read_bytes_total", "traffic", null],
  ["container_cpu_usage_seconds_total", "processor", "cores"],
  ["CPUUtilizationPercent", "processor", "percent"],
  ["http_request_duration_seconds", "latency", "seconds"],
  ["request_latency_milliseconds", "latency", "milliseconds"],
  ["http_requests_total", "traffic", null],
  ["http_requests_errors_total", "failures", null],
  ["error_ratio", "failures", "ratio"],
  ["probe_success", "availability", null],
  ["kafka_consumergroup_lag", "queue", null],
  ["node_load1", "queue", null],
  ["temperature_celsius", "other", null],
  ["", "other", null],
])("expects of %s: %s in %s", (name, kind, unit) => {
  expect(signalOf(name)).toEqual(signal(kind, unit));
});

it("writes a floor in the unit of the series, and has none where nobody knows the unit", () => {
  expect(signal("latency", "milliseconds").floor.absolute).toBe(2);
  expect(signal("processor", "percent").floor.absolute).toBe(1);
  expect(signal("memory", "mebibytes").floor.absolute).toBe(8);
  expect(signal("memory", null).floor.absolute).toBe(0);
});
