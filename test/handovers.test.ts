import { describe, expect, it } from "vitest";
import { handoverCardOf } from "../src/chat/handover-card.ts";
import { cardText } from "../src/chat/plain.ts";
import { dueHandover, handoverAt, handoverNow } from "../src/handovers.ts";
import type { Handover } from "../src/incident/handover.ts";
import type { Rota } from "../src/remediation/policy.ts";
import { aHandover } from "./fakes/handovers.ts";
import { ana, openCounter, PEOPLE, TARGETS } from "./responder/counter.ts";
import { createJourney } from "./responder/journey.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const publicUrl = "https://c.example";
const textOf = (handover: Handover) =>
  cardText(handoverCardOf(handover, { publicUrl }), "telegram");

/** Local time, as the policy's times are; the second of March 2026 is a Monday. */
const at = (day: number, hour: number, minute = 0) => new Date(2026, 2, day, hour, minute);

describe("a handover is due", () => {
  const rota: Rota = {
    people: ["ana", "ben"],
    starts: at(2, 9),
    overrides: [{ person: "ana", from: at(11, 18), to: at(12, 6) }],
  };
  const never = new Date(0);
  const CRON = "0 6,14,22 * * *";
  const dueAt = (
    now: Date,
    over: { rota?: Rota | null; handoverCron?: string; since?: Date } = {},
  ) => {
    const { since = never, ...given } = over;
    return dueHandover({ rota, handoverCron: null, ...given }, since, now)?.at ?? null;
  };

  it.each<[string, Date | null, Date | null]>([
    ["at the rota's", dueAt(at(9, 9)), at(9, 9)],
    ["half a day later still", dueAt(at(9, 21)), at(9, 9)],
    ["and then no more", dueAt(at(9, 21, 1)), null],
    ["not a moment before", dueAt(new Date(at(9, 9).getTime() - 1)), null],
    ["where an override begins", dueAt(at(11, 19)), at(11, 18)],
    ["and where it ends", dueAt(at(12, 7)), at(12, 6)],
    [
      "at the set hour, to the moment",
      dueAt(at(10, 14), { rota: null, handoverCron: CRON }),
      at(10, 14),
    ],
    [
      "of several hours the last",
      dueAt(at(10, 23), { rota: null, handoverCron: CRON }),
      at(10, 22),
    ],
    ["of both the later", dueAt(at(9, 13), { handoverCron: CRON }), at(9, 9)],
    ["not where nothing says when", dueAt(at(9, 9), { rota: null }), null],
    ["not for what came before reports were on", dueAt(at(9, 9, 30), { since: at(9, 9) }), null],
  ])("%s", (_, found, expected) => {
    expect(found).toEqual(expected);
  });

  it("under one name for a moment, whoever sets it", () => {
    const now = at(9, 9, 5);
    const name = dueHandover({ rota, handoverCron: null }, never, now)?.name;

    expect(dueHandover({ rota: null, handoverCron: "0 9 * * *" }, never, now)?.name).toBe(name);
  });
});

function depsOf({ store, catalogue, now }: ReturnType<typeof createJourney>) {
  return { store, catalogue, now };
}

async function aShift(more = "") {
  const policy = `${PEOPLE}${TARGETS}rota: {people: [ben, cleo], starts: 2026-03-01 00:00}\n${more}`;
  const journey = createJourney({ policy });
  journey.world.alertmanager = true;
  const counter = openCounter(journey);
  await journey.enableAutohealing();
  await journey.fire();
  await journey.pass(2 * MINUTE);
  await journey.resolve();
  await journey.disableAutohealing();
  journey.world.state = "down";
  const open = await journey.fire({ service: "db" });
  const { chat } = counter.desk;
  await chat.acknowledge(open, ana);
  await chat.note(open, ana, "the disk was swapped, password=hunter2hunter2 <b>now</b>");
  await chat.silence({ incidentId: open, forMs: 2 * HOUR, person: ana });
  await chat.maintain({ target: "web", forMs: 4 * HOUR, person: ana });
  const deps = depsOf(journey);
  const { policy: read } = journey.catalogue.read();
  if (read === null) throw new Error("the policy can't be read");
  return { journey, deps, open, policy: read, ...counter };
}

describe("a handover", () => {
  it("says who goes and comes, what is open and whose, what waits, what ran, what is quiet, and the notes", async () => {
    const window =
      "maintenance: [{title: The move, match: {job: x}, cron: '* * * * *', for: 1h}]\n";
    const { deps, policy, open } = await aShift(window);

    const found = await handoverAt(deps, policy, deps.now());

    expect(found).toMatchObject({
      off: "ben",
      on: { person: "ben" },
      openCount: 1,
      open: [{ id: open, acknowledgedBy: "ana" }],
      waiting: [{ target: "db", risk: "low" }],
      ran: [{ target: "web", isUnasked: true, outcome: "verified" }],
      silenced: [{ until: new Date(deps.now().getTime() + 2 * HOUR) }],
      maintenance: [{ what: "web" }, { what: 'alerts of "The move"' }],
      notes: [{ incidentId: open, person: "ana" }],
    });
    const text = textOf(found);
    expect(text).toMatch(/🤝 Handover: 1 open, 1 to approve/);
    expect(text).toMatch(/WebDown.*, ana has it, for/);
    expect(text).toMatch(/LOW Restart the web service on db, 15 min left/);
    expect(text).toContain("Restart the web service on web, unasked: ✅ helped");
    expect(text).toMatch(/🔇 WebDown.* until /);
    expect(text).toMatch(/🔧 web until .*🔧 alerts of "The move" until /s);
    expect(text).toMatch(/📝 ana on WebDown.*: the disk was swapped/);
  });

  it("T33 tells no secret that somebody noted", async () => {
    const { deps, policy } = await aShift();

    const text = textOf(await handoverAt(deps, policy, deps.now()));

    expect(text).toContain("the disk was swapped");
    expect(text).not.toContain("hunter2");
  });

  it("tells of the shift that ended, and on demand of the one under way", async () => {
    const { journey, deps, policy } = await aShift();
    const [first, ending] = [new Date(2026, 2, 1), new Date(2026, 2, 8)];
    await journey.pass(ending.getTime() - deps.now().getTime() + HOUR);

    const over = await handoverAt(deps, policy, ending);
    const now = await handoverNow(deps);

    expect(over).toMatchObject({ off: "ben", on: { person: "cleo", from: ending } });
    expect(over.ran).toHaveLength(1);
    expect(over.from.getTime() - first.getTime()).toBeLessThanOrEqual(HOUR);
    expect(now).toMatchObject({ from: ending, off: "cleo", on: { person: "ben" }, ran: [] });
    expect(textOf(over)).toContain("☎️ ben goes off call, cleo is on call until");
    expect(textOf(now as Handover)).toMatch(/☎️ cleo is on call until .*, then ben/);
  });

  it("is of the last day where no shifts are set, and nobody's", async () => {
    const journey = createJourney({});

    const found = await handoverNow(depsOf(journey));

    expect(found).toMatchObject({
      ...{ off: null, on: null, openCount: 0, waiting: [], ran: [], silenced: [] },
      from: new Date(journey.now().getTime() - 24 * HOUR),
    });
    expect(textOf(found as Handover)).toMatch(/Nothing is open\.[\s\S]*Nothing ran\./);
  });

  it("is nothing while the policy can't be read", async () => {
    const journey = createJourney({ policy: "people: 3\n" });

    expect(await handoverNow(depsOf(journey))).toBeNull();
  });

  it("says so where nobody changes", () => {
    const { on } = aHandover();

    expect(textOf(aHandover({ off: "ben", on }))).toContain("☎️ ben stays on call until");
  });

  it("stays short whatever a night was like", () => {
    const { open } = aHandover();
    const many = Array.from({ length: 300 }, () => ({ ...open[0], title: "x".repeat(500) }));

    const text = textOf(aHandover({ open: many as Handover["open"], openCount: 300 }));

    expect(text).toContain("300 open");
    expect(text).toContain("… more in the console");
    expect(text.length).toBeLessThan(3000);
  });
});
