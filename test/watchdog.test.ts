import { expect, it, onTestFinished } from "vitest";
import { createWorker } from "../src/responder/work.ts";
import { createVitalSigns } from "../src/vital-signs.ts";
import { createWatchdog } from "../src/watchdog.ts";

type Queue = Parameters<typeof createWorker>[0]["queue"];

function startWorker(over: Partial<Queue> = {}) {
  const worker = createWorker({
    queue: {
      leaseSome: () => Promise.resolve([]),
      finish: () => Promise.resolve(),
      postpone: () => Promise.resolve(),
      nextDue: () => Promise.resolve(null),
      ...over,
    },
    kinds: ["propose"],
    concurrency: 1,
    respond: () => new Promise<never>(() => undefined),
    now: () => new Date(),
    onFailure: () => undefined,
  });
  worker.start();
  onTestFinished(() => void worker.stop());
  return worker;
}

function watch({
  beats,
  write = () => Promise.resolve(),
}: {
  beats: () => number;
  write?: () => Promise<void>;
}) {
  let elapsed = 0;
  const state = { feeds: 0, said: [] as string[] };
  const look = createVitalSigns({
    pulses: [{ name: "the queue", beats, withinMs: 30_000 }],
    write,
    elapsedMs: () => elapsed,
  });
  const watchdog = createWatchdog({
    look,
    everyMs: 1,
    feed: () => {
      state.feeds += 1;
      return Promise.resolve();
    },
    log: { error: (_, message) => void state.said.push(message) },
  });
  return {
    state,
    async turnAfter(ms: number): Promise<void> {
      elapsed += ms;
      await watchdog.turn();
    },
  };
}

it("T74 feeds the watchdog as long as the queue is looked at", async () => {
  const worker = startWorker();
  const { state, turnAfter } = watch(worker);
  await turnAfter(0);
  const before = worker.beats();
  await expect.poll(() => worker.beats(), { timeout: 10_000 }).toBeGreaterThan(before);
  await turnAfter(31_000);

  expect(state).toEqual({ feeds: 2, said: [] });
});

it("T74 lets the watchdog go hungry when nobody looks at the queue any more", async () => {
  let leases = 0;
  const worker = startWorker({
    leaseSome: () => {
      leases += 1;
      return new Promise<never>(() => undefined);
    },
  });
  await expect.poll(() => leases).toBe(1);
  const { state, turnAfter } = watch(worker);
  await turnAfter(0);
  await turnAfter(30_000);
  expect(state.feeds).toBe(2);

  await turnAfter(1);

  expect(state.feeds).toBe(2);
  expect(state.said[0]).toMatch(/^the queue does not move: the watchdog is not fed/);
});

it("does not take a queue for dead whose every hand is at work", async () => {
  const step = { id: 1, kind: "propose", subject: "1", attempts: 1, generation: 1 } as const;
  let leases = 0;
  const worker = startWorker({
    leaseSome: () => {
      leases += 1;
      return Promise.resolve([step]);
    },
  });
  await expect.poll(() => leases).toBe(1);
  const { state, turnAfter } = watch(worker);
  for (let i = 0; i < 3; i += 1) await turnAfter(60_000);

  expect(state).toEqual({ feeds: 3, said: [] });
});

it("T74 lets the watchdog go hungry when the database takes no write", async () => {
  const { state, turnAfter } = watch({
    beats: Math.random,
    write: () => Promise.reject(new Error("database disk image is malformed")),
  });
  await turnAfter(1);

  expect(state.feeds).toBe(0);
  expect(state.said[0]).toMatch(/^the database takes no write/);
});

it.each(["SQLITE_FULL", "SQLITE_READONLY_DBMOVED", "ENOSPC"])(
  "T69 is not started anew for %s, which would mend nothing",
  async (code) => {
    const { state, turnAfter } = watch({
      beats: Math.random,
      write: () => Promise.reject(Object.assign(new Error("no"), { code })),
    });
    await turnAfter(1);

    expect(state.feeds).toBe(1);
  },
);
