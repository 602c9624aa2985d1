import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IncomingAlert } from "../../src/incident/alert.ts";
import { aGroup, anIncoming, createLab, MINUTE, START } from "./lab.ts";

const at = (minutes: number) => new Date(START.getTime() + minutes * MINUTE);
const firing = (over: Partial<IncomingAlert> = {}) => anIncoming(over);
const resolved = (over: Partial<IncomingAlert> = {}) =>
  anIncoming({ status: "resolved", endsAt: at(1), ...over });

describe("an alert", () => {
  it("opens an incident with a card for each chat and an investigation", async () => {
    const lab = createLab({
      chats: [
        { channel: "telegram", chat: "1" },
        { channel: "slack", chat: "2" },
      ],
    });

    const [acceptance] = await lab.accept(aGroup([firing()]));

    expect(acceptance).toMatchObject({ received: 1, fresh: 1, updated: 0, deduplicated: 0 });
    expect(acceptance?.incidents).toEqual([expect.stringMatching(/^inc_[0-9a-f]{12}$/)]);
    expect(lab.count("cards")).toBe(2);
    expect(await lab.store.queue.lease(["investigate"], lab.now())).toMatchObject({ attempts: 1 });
    expect(lab.kinds()).toEqual(["record.begun", "incident.opened", "alert.fired"]);
  });

  it("T33 gives its incident a title without a secret, also where that is cut", async () => {
    const lab = createLab();
    const secret = "glpat-AbCdEf0123456789abcd";
    const cut = `${"x".repeat(285)} ${secret}`;

    await lab.fire({ alertname: `Login with ${secret}` });
    await lab.fire({ alertname: cut });

    const titles = lab.raw.prepare("SELECT title FROM incidents").pluck().all() as string[];
    expect(titles).toHaveLength(2);
    for (const title of titles) expect(title).not.toContain("AbC");
  });

  it("T18 is one however often and however parallel it is sent", async () => {
    const lab = createLab();

    const acceptances = await lab.accept(...Array.from({ length: 100 }, () => aGroup([firing()])));

    expect(acceptances.map(({ fresh }) => fresh).reduce((a, b) => a + b)).toBe(1);
    expect(new Set(acceptances.flatMap(({ incidents }) => incidents)).size).toBe(1);
    expect(lab.count("incidents")).toBe(1);
    expect(lab.count("steps")).toBe(1);
  });

  it("is the same one through two routes with different group keys, and either ends it", async () => {
    const lab = createLab();
    const [one] = await lab.accept(aGroup([firing()], { groupKey: "a" }));
    const [two] = await lab.accept(aGroup([firing()], { groupKey: "b" }));
    const [end] = await lab.accept(aGroup([resolved()], { groupKey: "b" }));
    const [again] = await lab.accept(aGroup([resolved()], { groupKey: "a" }));

    expect(two).toMatchObject({ deduplicated: 1, incidents: one?.incidents });
    expect(end).toMatchObject({ updated: 1, incidents: one?.incidents });
    expect(again).toMatchObject({ deduplicated: 1, incidents: one?.incidents });
    expect(lab.count("incidents", "state = 'resolved'")).toBe(1);
  });

  it("leaves no incident open when it starts anew under another group key", async () => {
    const lab = createLab();
    await lab.accept(aGroup([firing()], { groupKey: "a" }));
    await lab.accept(aGroup([firing({ startsAt: at(2) })], { groupKey: "b" }));

    expect(lab.count("incidents", "state = 'resolved'")).toBe(1);
    expect(lab.count("incidents", "state = 'open'")).toBe(1);
    expect(lab.count("alerts", "status = 'firing'")).toBe(1);
  });

  it("that starts anew unnoticed replaces the one that still fired, in the same incident", async () => {
    const lab = createLab();
    const [one] = await lab.accept(aGroup([firing()]));
    const [two] = await lab.accept(aGroup([firing({ startsAt: at(2) })]));

    expect(two).toMatchObject({ fresh: 1, incidents: one?.incidents });
    expect(lab.count("alerts", "status = 'firing'")).toBe(1);
    expect(lab.count("incidents", "state = 'open'")).toBe(1);
  });

  it("resolves its incident, and cancels what was asked and had not started", async () => {
    const lab = createLab();
    const request = await lab.propose();
    const episode = await lab.store.views.episode(request.episodeId ?? 0);
    if (episode === null) throw new Error("no episode");

    await lab.accept(aGroup([{ ...episode, status: "resolved", endsAt: at(1) }]));

    expect(await lab.store.requests.find(request.id)).toMatchObject({ state: "cancelled" });
    expect(lab.kinds().slice(-3)).toEqual([
      "alert.resolved",
      "request.cancelled",
      "incident.resolved",
    ]);
  });

  it("without a start means the open episode, else the receipt", async () => {
    const lab = createLab();
    await lab.accept(aGroup([firing({ startsAt: null })]));
    lab.pass(MINUTE);
    const [again] = await lab.accept(aGroup([firing({ startsAt: null })]));
    const [end] = await lab.accept(aGroup([resolved({ startsAt: null, endsAt: null })]));
    const [endAgain] = await lab.accept(aGroup([resolved({ startsAt: null, endsAt: null })]));

    expect([again?.deduplicated, end?.updated, endAgain?.deduplicated]).toEqual([1, 1, 1]);
    expect(lab.raw.prepare("SELECT starts_at, ends_at FROM alerts").all()).toEqual([
      { starts_at: START.getTime(), ends_at: at(1).getTime() },
    ]);
  });

  it("without a group key stands in an incident of its own", async () => {
    const lab = createLab();
    const other = anIncoming({}, { instance: "web-02:9100" });
    const [both] = await lab.accept(aGroup([firing(), other], { groupKey: null }));

    expect(both?.incidents).toHaveLength(2);
  });

  it("with a name of a megabyte gets a title that can be shown", async () => {
    const lab = createLab();
    await lab.accept(aGroup([anIncoming({ labels: { alertname: "x".repeat(1_000_000) } })]));

    expect(lab.count("incidents", "length(title) > 300")).toBe(0);
    expect(lab.count("record", "length(event) > 5000")).toBe(0);
  });
});

describe("an incident that resolved", () => {
  it("opens again when its alert fires anew within the window, as bad as it is now", async () => {
    const lab = createLab();
    const [one] = await lab.accept(aGroup([firing()]));
    await lab.accept(aGroup([resolved()]));
    lab.pass(4 * MINUTE);
    const [two] = await lab.accept(
      aGroup([firing({ startsAt: at(4), labels: { alertname: "WebDown", severity: "critical" } })]),
    );

    expect(two).toMatchObject({ fresh: 1, incidents: one?.incidents });
    expect(lab.raw.prepare("SELECT state, severity, resolved_at FROM incidents").get()).toEqual({
      state: "open",
      severity: "critical",
      resolved_at: null,
    });
  });

  it("stays resolved after the window: a new one begins", async () => {
    const lab = createLab();
    const [one] = await lab.accept(aGroup([firing()]));
    await lab.accept(aGroup([resolved()]));
    lab.pass(5 * MINUTE + 1);
    const [two] = await lab.accept(aGroup([firing({ startsAt: at(5) })]));

    expect(two?.incidents).not.toEqual(one?.incidents);
  });

  it("P12 gets its cards when it had been over before we heard of it and opens again", async () => {
    const lab = createLab();
    await lab.accept(aGroup([resolved()]));
    const before = lab.count("cards");
    await lab.accept(aGroup([firing({ startsAt: at(2) })]));

    expect(before).toBe(0);
    expect(lab.count("incidents")).toBe(1);
    expect(lab.count("cards", "is_stale")).toBe(1);
  });
});

describe("a group", () => {
  it("keeps what had resolved before we heard of it with what fires, in either order", async () => {
    const lab = createLab();
    const over = anIncoming({ status: "resolved", endsAt: at(1) }, { instance: "web-02:9100" });
    const [acceptance] = await lab.accept(aGroup([over, firing()]));

    expect(acceptance).toMatchObject({ received: 2, fresh: 2 });
    expect(acceptance?.incidents).toHaveLength(1);
    expect(lab.count("incidents", "state = 'open'")).toBe(1);
  });

  it("resolves with its last alert, not before", async () => {
    const lab = createLab();
    const other = { instance: "web-02:9100" };
    await lab.accept(aGroup([firing(), anIncoming({}, other)]));
    await lab.accept(aGroup([resolved(), anIncoming({}, other)]));
    const between = lab.count("incidents", "state = 'open'");
    await lab.accept(aGroup([anIncoming({ status: "resolved", endsAt: at(2) }, other)]));

    expect(between).toBe(1);
    expect(lab.count("incidents", "state = 'resolved'")).toBe(1);
  });

  it("T20 is marked as partial also by a body that brings nothing else", async () => {
    const lab = createLab();
    await lab.accept(aGroup([firing()]));
    const [acceptance] = await lab.accept(aGroup([firing()], { truncatedAlerts: 5 }));
    const version = () => lab.raw.prepare("SELECT version FROM incidents").pluck().get();
    const marked = version();
    await lab.accept(aGroup([firing()], { truncatedAlerts: 5 }));

    expect(acceptance).toMatchObject({ deduplicated: 1 });
    expect(lab.raw.prepare("SELECT truncated_alerts FROM incidents").pluck().get()).toBe(5);
    expect(version()).toBe(marked);
  });

  it("loses trust with one unproven body and does not win it back", async () => {
    const lab = createLab();
    await lab.accept(aGroup([firing()]));
    const more = (n: string) => anIncoming({}, { instance: n });
    await lab.accept(aGroup([more("b")], { trust: "none" }), aGroup([more("c")]));

    expect(lab.raw.prepare("SELECT trust FROM incidents").pluck().get()).toBe("none");
  });
});

describe("replicas that disagree on the start", () => {
  it("end the one episode they mean, under whichever start", async () => {
    const lab = createLab();
    await lab.accept(aGroup([firing({ startsAt: at(1) })]));
    const [earlier] = await lab.accept(aGroup([firing({ startsAt: at(0) })]));
    const [end] = await lab.accept(aGroup([resolved({ startsAt: at(0), endsAt: at(9) })]));

    expect(earlier).toMatchObject({ deduplicated: 1 });
    expect(end).toMatchObject({ updated: 1 });
    expect(lab.count("incidents", "state = 'open'")).toBe(0);
  });

  it("end it also when only the end names the earlier start", async () => {
    const lab = createLab();
    await lab.accept(aGroup([firing({ startsAt: at(1) })]));
    await lab.accept(aGroup([resolved({ startsAt: at(0), endsAt: at(9) })]));

    expect(lab.count("alerts", "status = 'firing'")).toBe(0);
  });

  it("never end a later episode by the late end of an earlier one", async () => {
    const lab = createLab();
    await lab.accept(aGroup([firing({ startsAt: at(5) })]));
    await lab.accept(aGroup([firing({ startsAt: at(0) })]));
    await lab.accept(aGroup([resolved({ startsAt: at(0), endsAt: at(3) })]));
    await lab.accept(aGroup([resolved({ startsAt: at(1), endsAt: at(3) })]));

    expect(lab.count("alerts", "status = 'firing'")).toBe(1);
  });
});

const anyAlert = fc
  .record({
    instance: fc.constantFrom("a", "b", "c"),
    status: fc.constantFrom("firing" as const, "resolved" as const),
    starts: fc.integer({ min: 0, max: 5 }),
    ends: fc.option(fc.integer({ min: 0, max: 8 })),
    hasStart: fc.boolean(),
  })
  .map(({ instance, status, starts, ends, hasStart }) =>
    anIncoming(
      {
        status,
        startsAt: hasStart ? at(starts) : null,
        endsAt: status === "firing" || ends === null ? null : at(ends),
      },
      { instance },
    ),
  );
const anyGroup = fc
  .record({
    alerts: fc.array(anyAlert, { maxLength: 5 }),
    groupKey: fc.constantFrom("g", "h", null),
    truncatedAlerts: fc.constantFrom(0, 0, 2),
  })
  .map(({ alerts, ...rest }) => aGroup(alerts, rest));

describe("any sequence of bodies", () => {
  it("adds up, has one open incident a group, and none open without a firing alert", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyGroup, { maxLength: 12 }), async (groups) => {
        const lab = createLab();
        for (const group of groups) {
          const [one] = await lab.accept(group);
          lab.pass(MINUTE);
          const { received = -1, fresh = 0, updated = 0, deduplicated = 0 } = one ?? {};
          expect(fresh + updated + deduplicated).toBe(received);
        }

        const doubled =
          "SELECT 1 FROM incidents WHERE state <> 'resolved' GROUP BY group_key HAVING count(*) > 1";
        expect(lab.raw.prepare(doubled).all()).toEqual([]);
        const twice =
          "SELECT 1 FROM alerts WHERE status = 'firing' GROUP BY fingerprint HAVING count(*) > 1";
        expect(lab.raw.prepare(twice).all()).toEqual([]);
        const firingIn = "(SELECT incident_id FROM alerts WHERE status = 'firing')";
        expect(lab.count("incidents", `state <> 'resolved' AND id NOT IN ${firingIn}`)).toBe(0);
        expect(lab.count("incidents", `state = 'resolved' AND id IN ${firingIn}`)).toBe(0);
        expect((await lab.store.record.verify()).firstBroken).toBeNull();
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it("T17 changes nothing when any of it is replayed", async () => {
    const dated = anyGroup.filter(({ alerts }) =>
      alerts.every(({ startsAt }) => startsAt !== null),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(dated, { maxLength: 8 }), fc.nat(), async (groups, pick) => {
        const lab = createLab();
        for (const group of groups) await lab.accept(group);
        // That the source is asked after it is all that may come of it.
        const dump = () =>
          ["incidents", "alerts", "record", "steps WHERE kind <> 'ask_source'", "cards"].map(
            (table) => lab.raw.prepare(`SELECT * FROM ${table}`).all(),
          );
        const before = dump();
        lab.pass(60 * MINUTE);

        const replayed = groups.slice(0, groups.length === 0 ? 0 : (pick % groups.length) + 1);
        const acceptances = await lab.accept(...replayed);

        expect(acceptances.map(({ fresh, updated }) => fresh + updated)).toEqual(
          replayed.map(() => 0),
        );
        expect(dump()).toEqual(before);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
