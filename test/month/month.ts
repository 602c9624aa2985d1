import type { Point } from "../../src/evidence/measurement.ts";
import type { Labels } from "../../src/incident/alert.ts";
import { createDice } from "../torture/dice.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;
const DAYS = 30;

/** One firing of one alert, and what was done about it. */
export interface Episode {
  readonly labels: Labels;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly act: "nothing" | "acknowledged" | "fixed" | "fixed in vain";
}

export interface MeasuredSeries {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

/** What was put into the month on purpose: everything else in it is noise. */
export interface Truth {
  readonly flapping: { readonly name: string; readonly times: number; readonly returns: number };
  readonly together: {
    readonly first: string;
    readonly others: readonly string[];
    readonly times: number;
  };
  readonly ignored: { readonly name: string; readonly times: number; readonly over6min: number };
  readonly recurring: { readonly target: string; readonly verified: number; readonly runs: number };
  readonly disks: Readonly<Record<string, Date>>;
  readonly certificates: Readonly<Record<string, Date>>;
}

export interface Month {
  readonly from: Date;
  readonly to: Date;
  /** In the order of their starts. */
  readonly episodes: readonly Episode[];
  readonly disks: readonly MeasuredSeries[];
  readonly certificates: readonly MeasuredSeries[];
  readonly truth: Truth;
}

/** Thirty days of a homelab that never was: the same for the same seed, and what is true of it is known. */
export function createMonth(seed: number): Month {
  const dice = createDice(seed);
  const from = new Date("2026-04-01T00:00:00Z");
  const to = new Date(from.getTime() + DAYS * DAY);
  const between = (low: number, high: number) => low + (dice.whole(10_000) / 10_000) * (high - low);
  const at = (ms: number) => new Date(Math.round(from.getTime() + ms));
  const episode = (
    name: string,
    instance: string,
    startMs: number,
    forMs: number,
    act: Episode["act"],
  ) => ({
    labels: { alertname: name, instance, severity: "warning" },
    ...{ startsAt: at(startMs), endsAt: at(startMs + forMs), act },
  });

  function noise(): Episode[] {
    const names = [
      "HighMemory",
      "HighLoad",
      "SlowDns",
      "PackageUpdates",
      "ClockSkew",
      "RaidCheck",
    ] as const;
    return names.flatMap((name, i) =>
      Array.from({ length: 6 + dice.whole(8) }, (_, n) =>
        // In hours of their own, so that nothing starts together by mistake.
        episode(
          name,
          `host-${i}`,
          (2 * n + i / 8) * DAY + between(0, 2 * HOUR),
          between(20, 90) * MINUTE,
          n % 3 === 0 ? "acknowledged" : "nothing",
        ),
      ),
    );
  }

  /** A bad afternoon: it comes back some minutes after it went; on two other days it came once. */
  function flapping(): Episode[] {
    const times = 20 + dice.whole(10);
    const found: Episode[] = [];
    let startMs = 9.6 * DAY;
    for (let n = 0; n < times; n += 1) {
      const forMs = between(1, 3) * MINUTE;
      found.push(
        episode("HighLatency", "web-03", startMs, forMs, n === 4 ? "acknowledged" : "nothing"),
      );
      startMs += forMs + between(3, 9) * MINUTE;
    }
    const once = [2.3, 21.4].map((day) =>
      episode("HighLatency", "web-03", day * DAY, 20 * MINUTE, "acknowledged"),
    );
    return [...once, ...found];
  }

  /** The switch takes the two machines behind it along. */
  function together(): Episode[] {
    const days = [1.11, 4.37, 8.23, 12.71, 17.45, 22.09, 27.61];
    return days.flatMap((day) => [
      episode("SwitchDown", "sw-1", day * DAY, between(5, 20) * MINUTE, "acknowledged"),
      episode(
        "HostDown",
        "pve-1",
        day * DAY + between(20, 50) * 1_000,
        between(5, 20) * MINUTE,
        "nothing",
      ),
      episode(
        "BackupStalled",
        "nas",
        day * DAY + between(60, 100) * 1_000,
        between(5, 20) * MINUTE,
        "nothing",
      ),
    ]);
  }

  function ignored(): Episode[] {
    return Array.from({ length: 18 + dice.whole(6) }, (_, n) =>
      episode(
        "WarmProcessor",
        "nas",
        (1.2 * n + 0.9) * DAY + between(0, HOUR),
        (n % 10 === 9 ? between(20, 40) : between(1, 5)) * MINUTE,
        "nothing",
      ),
    );
  }

  function recurring(): Episode[] {
    return Array.from({ length: 8 + dice.whole(3) }, (_, n) =>
      episode(
        "WorkerDown",
        "worker-2",
        (2.7 * n + 0.33) * DAY + between(0, HOUR),
        between(2, 6) * MINUTE,
        n === 2 ? "fixed in vain" : "fixed",
      ),
    );
  }

  /** Free space that goes down by so much a day, from so long ago on, with noise and some wrong points. */
  function disk(left: number, perDay: number, sinceDays: number, stepMs = 2 * HOUR): Point[] {
    const count = Math.floor((sinceDays * DAY) / stepMs);
    return Array.from({ length: count + 1 }, (_, i) => {
      const ago = (count - i) * stepMs;
      const value = left + (perDay * ago) / DAY + between(-0.2, 0.2) * GIB;
      return [to.getTime() - ago, dice.chance(0.05) ? value * between(0.2, 1.5) : value];
    });
  }

  const cleanedUp = [
    ...disk(4 * GIB, 5 * GIB, 6).map(([ms, value]): Point => [ms - 4 * DAY, value]),
    ...disk(40 * GIB, 5 * GIB, 3.9),
  ];
  const ends = (days: number) => to.getTime() / 1_000 + days * 86_400;
  const certificate = (...seen: readonly (readonly [daysAgo: number, endsInDays: number])[]) =>
    seen.map(([ago, days]): Point => [to.getTime() - ago * DAY, ends(days)]);

  const its = {
    flapping: flapping(),
    together: together(),
    ignored: ignored(),
    recurring: recurring(),
  };
  const episodes = [...noise(), ...Object.values(its).flat()].sort(
    (a, b) => a.startsAt.getTime() - b.startsAt.getTime(),
  );
  const full = (left: number, perDay: number) => new Date(to.getTime() + (left / perDay) * DAY);
  return {
    ...{ from, to, episodes },
    disks: [
      { labels: { instance: "nas", mountpoint: "/srv" }, points: disk(66 * GIB, 6 * GIB, 14) },
      { labels: { instance: "db-1", mountpoint: "/var" }, points: cleanedUp },
      { labels: { instance: "web-1", mountpoint: "/" }, points: disk(20 * GIB, 0, 14) },
      { labels: { instance: "new-1", mountpoint: "/" }, points: disk(20 * GIB, 9 * GIB, 0.5) },
    ],
    certificates: [
      {
        labels: { instance: "shop" },
        points: certificate([28, -8], [27, 12], [1, 12]).map(([ms, end]): Point => [ms, end]),
      },
      { labels: { instance: "blog" }, points: certificate([29, 20], [1, 20]) },
      { labels: { instance: "mail" }, points: certificate([29, 80], [1, 80]) },
    ],
    truth: {
      flapping: {
        name: "HighLatency",
        times: its.flapping.length,
        returns: its.flapping.length - 3,
      },
      together: {
        first: "SwitchDown",
        others: ["HostDown", "BackupStalled"],
        times: its.together.length / 3,
      },
      ignored: {
        ...{ name: "WarmProcessor", times: its.ignored.length },
        over6min: its.ignored.filter(
          ({ startsAt, endsAt }) => endsAt.getTime() - startsAt.getTime() > 6 * MINUTE,
        ).length,
      },
      recurring: {
        target: "worker-2",
        runs: its.recurring.length,
        verified: its.recurring.length - 1,
      },
      disks: { "nas /srv": full(66 * GIB, 6 * GIB), "db-1 /var": full(40 * GIB, 5 * GIB) },
      certificates: { shop: new Date(ends(12) * 1_000), blog: new Date(ends(20) * 1_000) },
    },
  };
}
