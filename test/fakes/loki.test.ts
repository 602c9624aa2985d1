import { expect, it, onTestFinished } from "vitest";
import { startFakeLoki } from "./loki.ts";

const AT = 1_772_334_000_000;
const line = (text: string, labels: Record<string, string> = { app: "shop" }, atMs = AT) => ({
  labels,
  atMs,
  text,
});
const SPAN = `start=${AT - 60_000}000000&end=${AT + 60_000}000000`;

async function ask(path: string) {
  const loki = await startFakeLoki([
    line("a b"),
    line("c", { app: 'odd "x"' }),
    line("old", { app: "shop" }, AT - 3_600_000),
  ]);
  onTestFinished(() => loki.stop());
  const response = await fetch(`${loki.url}/loki/api/v1/${path}`);
  return { status: response.status, text: await response.text() };
}
const query = (text: string, more = `${SPAN}&direction=backward`) =>
  `query_range?query=${encodeURIComponent(text)}&${more}`;

it.each([
  ["labels", `labels?${SPAN}`, '["app"]'],
  ["values of a label", `label/app/values?${SPAN}`, '"shop"'],
  ["lines", query('{app="shop"}'), '"a b"'],
  ["lines with a text", query('{app=~"sh.*"} |= "b"'), '"a b"'],
  ["a value with quotes", query('{app="odd \\"x\\""}'), '"c"'],
  [
    "a count over time",
    query('sum(count_over_time({app="shop"} [60s]))', `${SPAN}&direction=backward&step=60`),
    "matrix",
  ],
  [
    "a count",
    `query?query=${encodeURIComponent('sum(count_over_time({app="shop"} [7200s]))')}&time=${AT + 1}000000`,
    '"2"',
  ],
])("answers with %s", async (_, path, part) => {
  const { status, text } = await ask(path);

  expect([status, text]).toEqual([200, expect.stringContaining(part)]);
});

it.each([
  ["seconds for nanoseconds", `labels?start=${AT / 1000}&end=${AT / 1000 + 60}`],
  ["no direction", query('{app="shop"}', SPAN)],
  ["a limit beyond its own", query('{app="shop"}', `${SPAN}&direction=backward&limit=5001`)],
  ["an empty selector", query("{}")],
  ["what it can't read", query('{app="shop"')],
  ["a filter it does not know", query('{app="shop"} | json')],
  ["lines at an instant", `query?query=${encodeURIComponent('{app="shop"}')}&time=${AT}000000`],
  [
    "an end before the start",
    query('{app="shop"}', `start=${AT}000000&end=${AT}000000&direction=backward`),
  ],
])("refuses %s", async (_, path) => {
  expect((await ask(path)).status).toBe(400);
});

async function push(values: readonly (readonly [string, string])[], stream = { job: "x" }) {
  const loki = await startFakeLoki([]);
  onTestFinished(() => loki.stop());
  const { status } = await fetch(`${loki.url}/loki/api/v1/push`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams: [{ stream, values }] }),
  });
  return { status, kept: loki.pushed.length };
}

it("takes lines, and one of each", async () => {
  const twice = [`${AT}000000`, "a"] as const;
  expect(await push([twice, twice, [`${AT}000000`, "b"]])).toEqual({ status: 204, kept: 2 });
});

it.each([
  ["seconds", [[String(AT / 1000), "a"]]],
  ["nothing", []],
  [
    "what is an hour behind",
    [
      [`${AT}000000`, "a"],
      [`${AT - 3_600_001}000000`, "b"],
    ],
  ],
] as const)("takes no line of %s", async (_, values) => {
  expect((await push(values)).status).toBe(400);
});
