import { describe, expect, it } from "vitest";
import type { Person } from "../../src/approval/approval.ts";
import { cardOf } from "../../src/chat/card.ts";
import { createCommands } from "../../src/chat/commands.ts";
import { ana, ben, cleo, eve, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const PROTECTED = `${PEOPLE}${TARGETS}protected: [web]\n`;
const RUNBOOK = `---
id: web-down
title: The disk of the web service fills
match: {alertname: WebDown}
actions:
  - id: clean
    title: Delete old logs
    risk: low
    executor: command
    with: {argv: [/usr/bin/true, clean, '{{params.path}}', '{{params.service}}']}
    params:
      service: {from: labels.service, pattern: '[a-z]+'}
      path: {from: labels.path, pattern: '/var/log(/[a-z]+)*', default: /var/log}
    target: '{{params.service}}'
    targets: all
    precondition: {probe: {executor: command, with: {argv: [/usr/bin/test]}}, expect: {state: down}}
    verify: {alert: resolved, within: 1m}
---
Prose.
`;

function open(policy = PEOPLE + TARGETS) {
  const journey = createJourney({ policy, runbook: RUNBOOK });
  const counter = openCounter(journey);
  const { edit: editAtDesk } = counter.desk.chat;

  async function edit(
    params: Record<string, string> = { path: "/var/log/app" },
    person: Person = ana,
    planCode?: string,
  ) {
    const request = await journey.newest();
    const code = planCode ?? request?.planCode ?? "";
    const wish = { planCode: code, requestId: null, params, person };
    return await editAtDesk({ ...wish, channel: "slack" });
  }

  async function kinds() {
    const incident = (await journey.newest())?.incidentId ?? "";
    return await journey.store.views.timeline(incident);
  }

  return { journey, ...counter, edit, kinds };
}

type Lab = ReturnType<typeof open>;

const requestsOf = async ({ journey }: Lab) => (await journey.newest())?.view?.requests ?? [];
const isAlive = ({ state }: { state: string }) =>
  ["pending", "approved", "executing"].includes(state);

describe("an edit", () => {
  it("P2 makes a plan of its own with its own digest, tied to the same alert, and asks", async () => {
    const lab = open();
    await lab.journey.enableAutohealing();
    lab.journey.world.alertmanager = "unreachable";
    await lab.journey.fire();
    const before = await lab.journey.newest();
    lab.journey.world.alertmanager = true;

    expect(await lab.edit()).toMatchObject({ outcome: "edited", isSolo: false });
    await lab.journey.settle();

    const [edited, old] = await requestsOf(lab);
    expect(old).toMatchObject({
      id: before?.id,
      state: "superseded",
      endReason: "ana edited path /var/log → /var/log/app",
    });
    expect(edited).toMatchObject({
      state: "pending",
      risk: "medium",
      requester: "ana",
      episodeId: before?.episodeId,
      votes: [],
      plan: { command: { argv: ["/usr/bin/true", "clean", "/var/log/app", "web"] } },
    });
    expect(edited).not.toHaveProperty("digest", (old as { digest?: string }).digest);
    // Low, auto-healing on and nothing in doubt any more: still nobody but people decides it.
    expect(edited?.reasons.map(({ rule }) => rule)).toContain("chosen");
    expect(lab.journey.runs).toEqual([]);
  });

  it("P8 runs once another person approved it, and is judged by the alert", async () => {
    const lab = open();
    await lab.journey.fire();
    await lab.edit();

    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "approved" });
    await lab.journey.settle();
    expect(lab.journey.runs).toEqual(["/usr/bin/true clean /var/log/app web"]);
    await lab.journey.resolve();
    await lab.journey.pass(MINUTE);

    expect((await lab.journey.newest())?.view?.verifications).toMatchObject([
      { outcome: "verified", detail: "the alert resolved" },
    ]);
    expect((await lab.journey.store.record.verify()).firstBroken).toBeNull();
  });

  it("P7 can't be approved by its editor", async () => {
    const lab = open();
    await lab.journey.fire();
    await lab.edit();

    expect(await lab.decide("approve", ana)).toMatchObject({ outcome: "not_allowed" });
    await lab.journey.settle();

    expect(lab.journey.runs).toEqual([]);
  });

  it("P7 takes its editor's typed code where they alone can approve", async () => {
    const lab = open(TARGETS);
    const owner: Person = { name: "owner", roles: ["operator", "approver"] };
    await lab.journey.fire();
    expect(await lab.edit(undefined, owner)).toMatchObject({ outcome: "edited", isSolo: true });

    expect(await lab.decide("approve", owner, { via: "tap" })).toMatchObject({
      outcome: "must_type",
    });
    expect(await lab.decide("approve", owner)).toMatchObject({ outcome: "approved" });
    await lab.journey.settle();

    expect(lab.journey.runs).toHaveLength(1);
  });

  it("P6 T55 carries no vote of the old plan over, and the old code is dead", async () => {
    const lab = open(PROTECTED);
    await lab.journey.fire();
    const old = (await lab.journey.newest())?.planCode ?? "";
    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "counted", missing: 1 });
    await lab.edit();

    expect(await lab.decide("approve", cleo, { planCode: old })).toMatchObject({
      outcome: "already_decided",
      request: { state: "superseded" },
    });
    expect(await lab.decide("approve", cleo)).toMatchObject({ outcome: "counted", missing: 1 });
    await lab.journey.settle();
    expect(lab.journey.runs).toEqual([]);
    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "approved" });
  });

  it("P9 stands in the record with what it changed, and on the card", async () => {
    const lab = open();
    await lab.journey.fire();

    await lab.edit();

    const told = await lab.kinds();
    expect(told.map(({ kind }) => kind).slice(-4)).toEqual([
      "request.edited",
      "request.superseded",
      "request.proposed",
      "request.pending",
    ]);
    const entry = told.find(({ kind }) => kind === "request.edited");
    expect(entry).toMatchObject({
      actor: "ana",
      text: "Edited: ana edited path /var/log → /var/log/app",
    });
    const view = (await lab.journey.newest())?.view;
    if (view == null) throw new Error("nothing was put forward");
    const card = cardOf(view, { now: lab.journey.now(), publicUrl: "", autohealing: false });
    expect(JSON.stringify(card)).toContain("Edited by ana: path /var/log → /var/log/app");
  });

  it("may be edited again, and each time the last one waits alone", async () => {
    const lab = open();
    await lab.journey.fire();
    await lab.edit();

    expect(await lab.edit({ path: "/var/log/db" }, ben)).toMatchObject({ outcome: "edited" });

    const all = await requestsOf(lab);
    expect(all.filter(isAlive)).toMatchObject([{ requester: "ben" }]);
    expect(await lab.decide("approve", ana)).toMatchObject({ outcome: "approved" });
  });

  it("takes the place of what somebody asked for, too", async () => {
    const lab = open();
    const wish = { runbook: "web-down", action: null, target: null, incident: null } as const;
    const params = { service: "web" };
    await lab.desk.chat.run({ ...wish, params, person: ana, channel: "telegram" });

    expect(await lab.edit(undefined, ben)).toMatchObject({ outcome: "edited" });

    expect(await lab.journey.newest()).toMatchObject({ requester: "ben", episodeId: null });
    expect((await requestsOf(lab)).filter(isAlive)).toHaveLength(1);
    expect(await lab.decide("approve", ben)).toMatchObject({ outcome: "not_allowed" });
    expect(await lab.decide("approve", ana)).toMatchObject({ outcome: "approved" });
  });
});

describe("an edit that is refused", () => {
  const unchanged = async (lab: Lab) => {
    const all = await requestsOf(lab);
    expect(all).toMatchObject([{ state: "pending", requester: null }]);
    expect((await lab.kinds()).map(({ kind }) => kind)).not.toContain("request.edited");
  };

  it.each([
    ["T36 a value that does not match", { path: "/etc" }, ['"path"', "/var/log(/[a-z]+)*"]],
    ["T36 a value that only begins right", { path: "/var/log/app; reboot" }, ['"path"']],
    ["T37 an option", { path: "--help" }, ['"path"', "dash"]],
    ["P1 a parameter the action does not have", { host: "db" }, ['"host"', "service, path"]],
    ["P1 another target", { service: "db" }, ["db instead of web"]],
    ["the same values", { path: "/var/log" }, ["Nothing would change", "path=/var/log"]],
  ])("%s changes nothing", async (_, params: Record<string, string>, words) => {
    const lab = open();
    await lab.journey.fire();

    const answer = await lab.edit(params);

    expect(answer.outcome).toBe("refused");
    const text = answer.outcome === "refused" ? answer.reasons[0]?.text : "";
    for (const word of words) expect(text).toContain(word);
    await unchanged(lab);
  });

  it("T01 by somebody who may not decide changes nothing and stands in the record", async () => {
    const lab = open();
    await lab.journey.fire();
    const before = (await lab.journey.store.record.verify()).entries;

    expect(await lab.edit(undefined, eve)).toMatchObject({ outcome: "not_allowed" });

    await unchanged(lab);
    expect((await lab.journey.store.record.verify()).entries).toBe(before + 1);
  });

  it("P4 of a request that was rejected, has expired or has no such code changes nothing", async () => {
    const lab = open();
    await lab.journey.fire();
    expect(await lab.edit(undefined, ana, "00000000")).toMatchObject({ outcome: "not_found" });
    await lab.decide("reject", ben);
    expect(await lab.edit()).toMatchObject({ outcome: "already_decided" });
    await lab.journey.resolve();
    await lab.journey.pass(10 * MINUTE);
    await lab.journey.fire();
    await lab.journey.pass(15 * MINUTE);
    expect(await lab.journey.newest()).toMatchObject({ state: "expired" });

    expect(await lab.edit()).toMatchObject({ outcome: "expired" });
    expect((await requestsOf(lab)).filter(isAlive)).toEqual([]);
  });

  it("P4 T53 that takes until after the expiry changes nothing", async () => {
    const lab = open();
    await lab.journey.fire();
    lab.journey.world.onLook = () => lab.journey.jump(60 * MINUTE);

    expect(await lab.edit()).toMatchObject({ outcome: "expired" });

    await unchanged(lab);
  });

  it("P8 T52 of an alert that is over changes nothing", async () => {
    const lab = open();
    await lab.journey.fire();
    lab.journey.world.alertmanager = false;

    expect(await lab.edit()).toMatchObject({ outcome: "refused", reasons: [{ rule: "over" }] });

    await unchanged(lab);
  });

  it("P2 T60 of what its runbook does not hold any more voids it and asks anew", async () => {
    const lab = open();
    await lab.journey.fire();
    lab.journey.editRunbook((text) => text.replace("Delete old logs", "Delete all logs"));

    expect(await lab.edit()).toMatchObject({ outcome: "refused", reasons: [{ rule: "outdated" }] });
    await lab.journey.settle();

    const [anew, old] = await requestsOf(lab);
    expect(old).toMatchObject({ state: "superseded" });
    expect(anew).toMatchObject({ state: "pending", requester: null });
    expect(lab.journey.runs).toEqual([]);
  });
});

describe("an edit and an approval of the same request", () => {
  it.each(["edit first", "approve first"])("T49 P3 have one winner: %s", async (order) => {
    const lab = open();
    await lab.journey.fire();
    const code = (await lab.journey.newest())?.planCode ?? "";
    const acts = [
      () => lab.edit(undefined, ana, code),
      () => lab.decide("approve", ben, { planCode: code }),
    ];
    if (order === "approve first") acts.reverse();

    const ends = await Promise.all(acts.map((act) => act()));
    await lab.journey.settle();

    const won = ends.filter(({ outcome }) => outcome === "edited" || outcome === "approved");
    expect(won).toHaveLength(1);
    const all = await requestsOf(lab);
    if (won[0]?.outcome === "approved") {
      expect(all).toHaveLength(1);
      expect(lab.journey.runs).toEqual(["/usr/bin/true clean /var/log web"]);
    } else {
      expect(all).toMatchObject([{ state: "pending" }, { state: "superseded" }]);
      expect(lab.journey.runs).toEqual([]);
    }
  });

  it("T49 P5 is lost by the edit when the approval comes while it looks, and the other way round", async () => {
    const first = open();
    await first.journey.fire();
    const code = (await first.journey.newest())?.planCode ?? "";
    const policy = first.journey.catalogue.read().policy;
    if (policy === null) throw new Error("the policy can't be read");
    let approved: Promise<unknown> = Promise.resolve();
    first.journey.world.onLook = () => {
      first.journey.world.onLook = () => undefined;
      approved = first.journey.store.requests.decide(
        code,
        "approve",
        { person: "ben", channel: "slack", reason: null },
        (request) => ({ outcome: "approved", request }),
      );
    };
    expect(await first.edit()).toMatchObject({ outcome: "already_decided" });
    expect(await approved).toMatchObject({ outcome: "approved" });
    expect(await requestsOf(first)).toMatchObject([{ state: "approved" }]);

    const second = open();
    await second.journey.fire();
    let edited: Promise<unknown> = Promise.resolve();
    second.journey.world.onLook = () => {
      second.journey.world.onLook = () => undefined;
      edited = second.edit();
    };
    const ruling = await second.decide("approve", ben);
    await edited;
    await second.journey.settle();
    const won = [ruling, await edited].map((end) => (end as { outcome: string }).outcome);
    expect([
      ["approved", "already_decided"],
      ["already_decided", "edited"],
    ]).toContainEqual(won);
  });

  it("P2 T56 of many edits at a time, one takes its place", async () => {
    const lab = open();
    await lab.journey.fire();
    const code = (await lab.journey.newest())?.planCode ?? "";

    const paths = Array.from({ length: 20 }, (_, at) => `/var/log/${"abcdefghijklmnopqrst"[at]}`);
    const ends = await Promise.all(paths.map((path) => lab.edit({ path }, ana, code)));

    expect(ends.filter(({ outcome }) => outcome === "edited")).toHaveLength(1);
    expect(ends.filter(({ outcome }) => outcome === "already_decided")).toHaveLength(19);
    expect(await requestsOf(lab)).toHaveLength(2);
  });
});

describe("/edit", () => {
  it("P7 edits as the person who sent it, and says who has to approve", async () => {
    const lab = open();
    await lab.journey.fire();
    const code = (await lab.journey.newest())?.planCode ?? "";
    const registry = createCommands({ desk: lab.desk.chat, publicUrl: "" });
    const where = { channel: "telegram", chatId: "1", accountId: "8" } as const;
    const context = { ...where, person: ben, roles: ben.roles, now: lab.journey.now() };

    const reply = await registry.handle(context, `/edit ${code} path=/var/log/app`);

    expect(reply?.text).toContain("Somebody else has to approve it");
    expect(reply?.text).toContain((await lab.journey.newest())?.planCode);
    expect(await lab.journey.newest()).toMatchObject({ requester: "ben" });
    const wrong = await registry.handle(context, `/edit ${code} path=/etc`);
    expect(wrong?.text).toContain("Nothing has changed");
  });
});
