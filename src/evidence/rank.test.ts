import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Context, Observed } from "./rank.ts";
import { rank } from "./rank.ts";
import { readSeries } from "./read-series.ts";
import type { SignalKind } from "./signal.ts";
import { signal } from "./signal.ts";

const WINDOW = { from: 0, to: 9 };
const BASELINES = [{ name: "before", windows: [{ from: -40, to: -1 }] }];

/** Forty points about the usual, then ten at `now`. */
function made(id: string, usual: number, now: number) {
  const points = Array.from(
    { length: 50 },
    (_, i) => [i - 40, i < 40 ? usual + ((i * 7) % 5) - 2 : now] as const,
  );
  return readSeries(id, {}, points);
}

function of(service: string, kind: SignalKind, now: number, usual = 100): Observed {
  return { service, series: made(`${service} ${kind}`, usual, now), signal: signal(kind, null) };
}

/** By the deviation of a call, in seconds. */
function edge(caller: string, callee: string, now: number): Observed {
  const series = readSeries(
    `${caller} → ${callee}`,
    {},
    Array.from({ length: 50 }, (_, i) => [i - 40, i < 40 ? 0.001 : now] as const),
  );
  return {
    series,
    signal: signal("edge delay", "seconds"),
    service: null,
    call: { caller, callee },
  };
}

const calls = (...pairs: string[]) => ({
  calls: pairs.map((pair) => {
    const [caller = "", callee = ""] = pair.split(">");
    return { caller, callee };
  }),
});

const names = (observed: readonly Observed[], context: Context = {}) =>
  rank(observed, WINDOW, { baselines: BASELINES, ...context }).suspects.map(
    ({ service }) => service,
  );

describe("names first", () => {
  it("whoever's own usage changed most", () => {
    expect(
      names([of("a", "processor", 200), of("b", "processor", 900), of("c", "memory", 100)]),
    ).toEqual(["b", "a"]);
  });

  it("a cause inside before effects outside, however large", () => {
    const observed = [
      of("victim", "latency", 100_000),
      of("victim", "processor", 101),
      of("cause", "processor", 200),
      of("cause", "latency", 150),
    ];

    expect(names(observed)).toEqual(["cause", "victim"]);
  });

  it("what falls, too", () => {
    expect(names([of("a", "availability", 20)])).toEqual(["a"]);
    expect(names([of("a", "processor", 0)])).toEqual(["a"]);
  });

  it("the one all of whose calls are slow, not its callers with one slow call of many", () => {
    const observed = [
      edge("shop", "cart", 0.5),
      edge("admin", "cart", 0.5),
      edge("shop", "mail", 0.001),
      edge("shop", "user", 0.001),
      edge("admin", "user", 0.001),
    ];

    expect(names(observed)[0]).toBe("cart");
    expect(names(observed)).not.toContain("mail");
  });

  it("one whose inside is unknown before one whose inside is as usual; an empty series is no knowledge", () => {
    const empty = { ...of("a", "memory", 100), series: readSeries("a memory", {}, []) };
    const felt = [of("a", "latency", 400), of("b", "latency", 300)];

    expect(names([...felt, of("a", "memory", 100)])).toEqual(["b", "a"]);
    expect(names([...felt, empty])).toEqual(["a", "b"]);
  });

  it("the last of a chain that is felt along its way, where nothing of the inside is known", () => {
    const observed = ["web", "shop", "db"].map((service) => of(service, "latency", 400));
    const topology = calls("web>shop", "shop>db", "web>other");

    expect(names(observed, { topology })).toEqual(["db", "shop", "web"]);
    expect(names(observed, { topology, alerting: "web" })).toEqual(["db", "shop", "web"]);
  });

  it("nobody that no way of slow services leads to from the alert", () => {
    const observed = [
      of("web", "latency", 300),
      of("shop", "latency", 101),
      of("db", "latency", 900),
      of("elsewhere", "latency", 900),
    ];
    const topology = calls("web>shop", "shop>db");

    const { suspects, findings } = rank(observed, WINDOW, {
      baselines: BASELINES,
      ...{ topology, alerting: "web" },
    });

    expect(suspects.map(({ service }) => service)).toEqual(["web"]);
    expect(findings.map(({ series }) => series.id)).toEqual([
      "web latency",
      "db latency",
      "elsewhere latency",
    ]);
  });

  it("one with measurements of its own before one that only its callers see", () => {
    const observed = [
      of("web", "latency", 300),
      of("proxy", "latency", 900),
      of("shop", "latency", 300),
    ];
    const topology = { ...calls("web>proxy", "web>shop"), seenByCallersOnly: new Set(["proxy"]) };

    expect(names(observed, { topology, alerting: "web" })).toEqual(["shop", "proxy", "web"]);
  });

  it("the caller, when all that it calls has less to do and itself has not", () => {
    const observed = [
      of("web", "traffic", 100),
      of("ads", "traffic", 10),
      of("cart", "traffic", 20),
    ];
    const topology = calls("web>ads", "web>cart");

    const { suspects } = rank(observed, WINDOW, { baselines: BASELINES, topology });

    expect(suspects.map(({ service, evidence }) => [service, evidence])).toEqual([
      ["web", "calls"],
    ]);
    expect(suspects[0]?.reasons[0]).toContain("web calls");
    expect(names([of("web", "traffic", 10), ...observed.slice(1)], { topology })).toEqual(["web"]);
  });

  it("memory before the processor that it keeps busy", () => {
    const { suspects, findings } = rank(
      [of("a", "processor", 100_000), of("a", "latency", 1e6), of("a", "memory", 200)],
      WINDOW,
      { baselines: BASELINES },
    );

    expect(suspects[0]?.findings.map(({ signal: { kind } }) => kind)).toEqual([
      "memory",
      "processor",
      "latency",
    ]);
    expect(findings.map(({ series }) => series.id)[0]).toBe("a memory");
    expect(suspects[0]?.reasons[0]).toBe("a memory: 100 → 200, 20 spreads above before");
  });
});

describe("nothing stands out", () => {
  const quiet = [of("a", "processor", 101), of("b", "latency", 99)];

  it.each<[string, readonly Observed[], Context, string]>([
    ["of nothing", [], {}, "Nothing stands out."],
    ["of what is as usual", quiet, {}, "Nothing stands out."],
    [
      "of the alerting service, though elsewhere something does",
      [...quiet, of("c", "processor", 900)],
      { alerting: "b" },
      "Nothing of b stands out against its baselines; 1 series elsewhere do.",
    ],
    [
      "that belongs to a service",
      [{ ...of("a", "processor", 900), service: null }],
      {},
      "No service stands out; 1 series elsewhere do.",
    ],
  ])("%s", (_, observed, context, nothing) => {
    const ranking = rank(observed, WINDOW, { baselines: BASELINES, ...context });

    expect(ranking.suspects).toEqual([]);
    expect(ranking.nothing).toBe(nothing);
  });

  it("and the score says by how much", () => {
    const score = (now: number) =>
      rank([of("a", "other", now)], WINDOW, { baselines: BASELINES }).score;

    expect(score(101)).toBeLessThan(1);
    expect(score(200)).toBeCloseTo(10 / 5);
    expect(rank([], WINDOW).score).toBe(0);
  });
});

it("believes an alert at less than it asks of a series that nobody asked about", () => {
  const observed = [of("web", "latency", 122), of("db", "latency", 300)];
  const context = { topology: calls("web>db"), alerting: "web" };

  expect(names(observed, context)).toEqual(["db"]);
  expect(names([of("web", "latency", 105), of("db", "latency", 300)], context)).toEqual([]);
});

it("comes to an end on services that call each other and themselves, and on unknown ones", () => {
  const observed = ["a", "b", "c"].map((service) => of(service, "latency", 400));
  const topology = calls("a>b", "b>c", "c>a", "a>a", "c>b", "a>ghost", "ghost>b");

  expect(names(observed, { topology, alerting: "a" }).sort()).toEqual(["a", "b", "c"]);
  expect(names(observed, { topology, alerting: "nobody" })).toEqual([]);
});

const anyObserved = fc.record({
  service: fc.constantFrom("a", "b", "c", null),
  kind: fc.constantFrom<SignalKind>("memory", "processor", "latency", "traffic", "edge delay"),
  callee: fc.constantFrom("a", "b", "c"),
  values: fc.array(fc.double(), { minLength: 0, maxLength: 60 }),
});
const anyCalls = fc.array(fc.constantFrom("a>b", "b>c", "c>a", "a>c", "b>b"));

function observe(
  given: readonly {
    service: string | null;
    kind: SignalKind;
    callee: string;
    values: number[];
  }[],
) {
  return given.map(
    ({ service, kind, callee, values }, i): Observed => ({
      service,
      ...(kind === "edge delay" && service !== null ? { call: { caller: service, callee } } : {}),
      signal: signal(kind, null),
      series: readSeries(
        `s${i}`,
        {},
        values.map((value, at) => [at - 40, value] as const),
      ),
    }),
  );
}

it("ranks any numbers at all, in the same order however they come", () => {
  fc.assert(
    fc.property(fc.array(anyObserved, { maxLength: 8 }), anyCalls, fc.nat(), (given, pairs, by) => {
      const observed = observe(given);
      const turned = [...observed.slice(by % 8), ...observed.slice(0, by % 8)].reverse();
      const context = { baselines: BASELINES, topology: calls(...pairs) };

      const ranking = rank(observed, WINDOW, context);

      expect(ranking.suspects.every(({ score }) => Number.isFinite(score))).toBe(true);
      expect(JSON.stringify(ranking.suspects)).not.toMatch(/NaN|undefined/);
      expect(ranking.nothing === null).toBe(ranking.suspects.length > 0);
      expect(rank(turned, WINDOW, { ...context, topology: calls(...pairs.reverse()) })).toEqual(
        ranking,
      );
    }),
  );
});

it("ranks the same in any unit and at any time", () => {
  const integers = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 50, maxLength: 50 });
  const sound = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), integers), { maxLength: 5 });
  fc.assert(
    fc.property(sound, fc.integer({ min: -20, max: 20 }), (given, power) => {
      const at = (shift: number, factor: number) =>
        rank(
          given.map(([service, values], i) => ({
            service,
            signal: signal("processor", null),
            series: readSeries(
              `s${i}`,
              {},
              values.map((value, k) => [k - 40 + shift, value * factor] as const),
            ),
          })),
          { from: shift, to: shift + 9 },
          { baselines: [{ name: "before", windows: [{ from: shift - 40, to: shift - 1 }] }] },
        ).suspects.map(({ service, score }) => ({ service, score }));

      expect(at(86_400, 2 ** power)).toEqual(at(0, 1));
    }),
  );
});
