import { expect, it } from "vitest";
import { drillAlert } from "../src/drill.ts";
import { createDrills } from "../src/drills.ts";
import { aGroup, anIncoming, createLab, MINUTE } from "./store/lab.ts";

const QUARTERLY = "0 10 1 1,4,7,10 *";

function open(
  options: { chats?: ("telegram" | "slack")[]; hasModel?: boolean; cron?: string | null } = {},
) {
  const { chats = ["telegram", "slack"], hasModel = true, cron = QUARTERLY } = options;
  const lab = createLab({ chats: chats.map((channel) => ({ channel, chat: "1" })) });
  const { store } = lab;
  const told: string[] = [];
  const silent = () => undefined;
  const drills = createDrills({
    cron: () => cron,
    accept: store.intake.accept,
    open: store.views.openDrills,
    progress: async (id) => {
      const view = await store.views.incident(id);
      if (view === null) throw new Error("not stored");
      return { view, cards: await store.cards.messagesOf(id) };
    },
    ...{ chats, hasModel, announce: (text) => told.push(text) },
    log: { info: silent, warn: silent, error: silent },
    now: lab.now,
  });
  /** To the moment before ten, local time, on the first of a quarter, and over it. */
  async function passQuarter(): Promise<void> {
    const at = lab.now();
    const next = new Date(at.getFullYear(), Math.floor(at.getMonth() / 3) * 3 + 3, 1, 10);
    lab.pass(next.getTime() - at.getTime() - 1);
    await drills.look();
    const [before] = await store.views.openDrills();
    if (before !== undefined) throw new Error("it began too early");
    lab.pass(1);
    await drills.look();
  }
  return { lab, drills, told, passQuarter, drill: async () => (await store.views.openDrills())[0] };
}

it("tries the fallbacks once a quarter: without the model, and without another chat each time", async () => {
  const { lab, drills, passQuarter, drill } = open();
  const left: (string | undefined)[] = [];

  for (let quarter = 0; quarter < 3; quarter += 1) {
    await passQuarter();
    left.push((await drill())?.labels.without);
    await drills.look();
    expect(await lab.store.views.openDrills()).toHaveLength(1);
    lab.pass(5 * MINUTE);
    await drills.look();
  }

  expect(new Set(left)).toEqual(new Set(["model,telegram", "model,slack"]));
  expect(left[0]).toBe(left[2]);
  expect(await drill()).toBeUndefined();
});

it("says in every chat what was not seen, or that all was", async () => {
  const { lab, drills, told, passQuarter, drill } = open({ chats: ["slack", "telegram"] });
  await passQuarter();
  const first = await drill();
  if (first === undefined) throw new Error("none began");
  const diagnosis = { cause: "a drill", confidence: "low", cites: [] } as const;
  await lab.store.findings.save(first, [], () => diagnosis as never);
  lab.pass(5 * MINUTE);
  await drills.look();

  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^⚠️ DRILL of the fallbacks, without model and \w+ \(inc_\w+\) FAILED\./);
  expect(told[0]).toMatch(/proposal: .*; (?:slack|telegram): no card is posted in/);
  expect(told[0]).not.toContain("evidence");
});

it("ends a drill that nobody came back for, and reports only its own", async () => {
  const { lab, drills, told, drill } = open({ cron: null });
  const { labels } = drillAlert("cpu_spike", { name: "by-hand-1", without: [] });
  const endsAt = new Date(lab.now().getTime() + MINUTE);
  await lab.accept(
    aGroup([anIncoming({ endsAt, fingerprint: "odd" }, labels)], { source: "drill" }),
  );

  await drills.look();
  expect(await drill()).toBeDefined();
  lab.pass(MINUTE);
  await drills.look();

  expect(await drill()).toBeUndefined();
  expect(told).toEqual([]);
});

it("begins none where nothing says when, and none where there is nothing to do without", async () => {
  const never = open({ cron: null });
  const alone = open({ chats: [], hasModel: false });

  await never.passQuarter();
  await alone.passQuarter();

  expect(await never.drill()).toBeUndefined();
  expect(await alone.drill()).toBeUndefined();
});
