import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Card } from "../src/chat/card.ts";
import type { CardAdapter } from "../src/chat/channel.ts";
import { ChatRejected } from "../src/chat/channel.ts";
import { createPace, SLACK_CHANNEL } from "../src/chat/pace.ts";
import { cardText } from "../src/chat/plain.ts";
import { patternsOf } from "../src/patterns.ts";
import { createCatalogue } from "../src/remediation/catalogue.ts";
import { dueReports } from "../src/report/schedule.ts";
import { createReports } from "../src/reports.ts";
import { aGroup, anIncoming, createFolder, createLab, HOUR, MINUTE } from "./store/lab.ts";

const DAY = 24 * HOUR;
/** Local time, as cron is. */
const at = (day: number, hour: number, minute = 0) => new Date(2026, 2, day, hour, minute);
const TIMES = { day: "0 8 * * *", week: "0 8 * * 1", month: "0 8 1 * *" };

const namesOf = (now: Date, since = new Date(0), times: Parameters<typeof dueReports>[0] = TIMES) =>
  dueReports(times, since, now).map(({ name }) => name);

// The second of March 2026 is a Monday.
it.each([
  ["before its hour nothing is due", at(3, 7, 59), []],
  ["at its hour", at(3, 8), ["day 2026-03-03"]],
  ["a while later still, under the same name", at(3, 19), ["day 2026-03-03"]],
  ["half a day later nobody waits for it any more", at(3, 20, 1), []],
  ["on a Monday also the week's", at(9, 8), ["day 2026-03-09", "week 2026-03-09"]],
  ["on the first also the month's", at(1, 9), ["day 2026-03-01", "month 2026-03"]],
])("%s", (_, now, names) => {
  expect(namesOf(now)).toEqual(names);
});

it("what came due before reports were turned on is not made up for", () => {
  expect(namesOf(at(3, 9), at(3, 8, 30))).toEqual([]);
});

it("one that is off never comes, and another hour in the same week has the same name", () => {
  expect(namesOf(at(3, 9), new Date(0), { ...TIMES, day: null })).toEqual([]);
  expect(namesOf(at(6, 9), new Date(0), { ...TIMES, day: null, week: "0 9 * * 5" })).toEqual([
    "week 2026-03-02",
  ]);
});

async function openReports(policy = "reports: {day: '0 * * * *', week: off, month: off}\n") {
  const lab = createLab();
  const dir = createFolder();
  writeFileSync(join(dir, "policy.yaml"), policy);
  const catalogue = createCatalogue({
    ...{ dir, dataDir: dir, executors: new Map() },
    adminIds: { telegram: [], slack: [] },
  });
  const posted: Card[] = [];
  const pictures: string[] = [];
  const world = { post: null as ChatRejected | null, draws: true, asked: 0 };
  const pace = createPace({ ...SLACK_CHANNEL, minGapMs: 0 }, () => lab.now().getTime());
  const cards = {
    pace,
    post: (card: Card) => {
      if (world.post !== null) return Promise.reject(world.post);
      posted.push(card);
      return Promise.resolve(`message ${posted.length}`);
    },
    picture: (messageId: string, { alt }: { alt: string }) => {
      pictures.push(`${messageId}: ${alt}`);
      return Promise.resolve(null);
    },
  } as unknown as CardAdapter;
  const start = () =>
    createReports({
      ...{ catalogue, store: lab.store, now: lab.now },
      patterns: () => {
        world.asked += 1;
        return patternsOf({ store: lab.store, prometheus: null, now: lab.now });
      },
      chats: [{ channel: "telegram", chat: "1", cards }],
      drawing: {
        png: () =>
          world.draws ? Promise.resolve(new Uint8Array()) : Promise.reject(new Error("broken")),
      },
      publicUrl: "https://c.example",
      log: { warn: () => undefined, error: () => undefined },
    });
  await lab.store.switches.setReports(true, "ana");
  return { ...lab, posted, pictures, world, pace, start };
}

it("a report comes at its hour with a picture, once, also after a restart", async () => {
  const { fire, pass, posted, pictures, start } = await openReports();
  await fire();
  const first = start();
  await first.check();
  expect(posted).toEqual([]);
  pass(DAY);

  await first.check();
  await first.check();
  await start().check();

  expect(posted).toHaveLength(1);
  expect(cardText(posted[0] as Card, "telegram")).toContain("1 (0) came, 0 (0) are over, 1 (0)");
  expect(pictures).toEqual([expect.stringMatching(/^message 1: Incidents an hour, this time/)]);
});

it("a week's report says what the history shows beside its numbers, a day's does not", async () => {
  for (const [period, isSaid] of [
    ["week", true],
    ["day", false],
  ] as const) {
    const times = { day: "off", week: "off", month: "off", [period]: "'0 * * * *'" };
    const { day, week, month } = times;
    const lab = await openReports(`reports: {day: ${day}, week: ${week}, month: ${month}}\n`);
    // One alert that comes and goes.
    for (let n = 0; n < 12; n += 1) {
      const { startsAt } = await lab.fire();
      lab.pass(5 * MINUTE);
      const over = anIncoming({ startsAt, status: "resolved", endsAt: lab.now() });
      await lab.accept(aGroup([over], { groupKey: "{}" }));
      lab.pass(10 * MINUTE);
    }
    lab.pass(HOUR);

    const reports = lab.start();
    await reports.check();
    // It stays due for hours, and is counted once.
    await reports.check();

    expect(lab.posted).toHaveLength(1);
    expect(lab.world.asked).toBe(isSaid ? 1 : 0);
    const text = cardText(lab.posted[0] as Card, "telegram");
    expect(text.includes("Worth a look"), text).toBe(isSaid);
    expect(text.includes("/patterns")).toBe(isSaid);
  }
});

it("a report that was begun before a crash is not sent again", async () => {
  const { store, pass, posted, start, now } = await openReports();
  pass(DAY);
  const [due] = dueReports({ day: "0 * * * *", week: null, month: null }, new Date(0), now());
  await store.sentReports.begin({ name: due?.name ?? "", channel: "telegram", chat: "1" });

  await start().check();

  expect(posted).toEqual([]);
});

it("a report that certainly did not arrive comes later, one that may have arrived does not", async () => {
  const { pass, posted, world, start } = await openReports();
  pass(DAY);
  const reports = start();
  world.post = new ChatRejected("paused", "too many", MINUTE);
  await reports.check();
  world.post = null;
  await reports.check();
  expect(posted).toEqual([]);
  pass(2 * MINUTE);
  await reports.check();
  expect(posted).toHaveLength(1);

  pass(DAY);
  world.post = new ChatRejected("unreachable", "no answer");
  await reports.check();
  world.post = null;
  await reports.check();
  expect(posted).toHaveLength(1);
});

it("a report without its picture stands all the same", async () => {
  const { pass, posted, pictures, world, start } = await openReports();
  world.draws = false;
  pass(DAY);

  await start().check();

  expect([posted.length, pictures]).toEqual([1, []]);
});

it("no report comes while they are off, or while the policy can't be read", async () => {
  const off = await openReports();
  await off.store.switches.setReports(false, "ana");
  off.pass(DAY);
  await off.start().check();
  const unreadable = await openReports("reports: {day: never}\n");
  unreadable.pass(DAY);
  await unreadable.start().check();

  expect([off.posted, unreadable.posted]).toEqual([[], []]);
});

it("the hours that were on before a second /enable_reports stay", async () => {
  const { store, pass, posted, start } = await openReports();
  pass(DAY);
  await store.switches.setReports(true, "ben");

  await start().check();

  expect(posted).toHaveLength(1);
});

const SHIFTS = `reports: {day: off, week: off, month: off}
rota: {people: [owner], starts: 2026-02-01 04:00}
`;

it("a handover comes at the rota's hour to every chat, once, also after a restart", async () => {
  const { fire, pass, posted, pictures, start, store } = await openReports(SHIFTS);
  await fire();
  await start().check();
  expect(posted).toEqual([]);
  pass(HOUR);

  await start().check();
  await start().check();

  expect(posted.map(({ headline }) => headline)).toEqual(["🤝 Handover: 1 open, 0 to approve"]);
  expect(pictures).toEqual([]);
  await store.switches.setReports(false, "ana");
  pass(7 * DAY);
  await start().check();
  expect(posted).toHaveLength(1);
});

it("a handover comes at a set hour, too", async () => {
  const cron = "reports: {day: off, week: off, month: off, handover: '0 * * * *'}\n";
  const { pass, posted, start } = await openReports(cron);
  pass(2 * HOUR);

  await start().check();

  expect(posted).toHaveLength(1);
  expect(cardText(posted[0] as Card, "telegram")).toContain("Nothing is open.");
});
