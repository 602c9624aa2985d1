import { describe, expect, it } from "vitest";
import type { IncidentQuery } from "../../src/store/search.ts";
import { aGroup, anIncoming, createLab, MINUTE } from "./lab.ts";

describe("the history", () => {
  async function told(...summaries: string[]) {
    const lab = createLab();
    for (const [i, summary] of summaries.entries()) {
      lab.pass(MINUTE);
      const alert = anIncoming({ fingerprint: `f${i}`, annotations: { summary } }, { n: `${i}` });
      await lab.accept(aGroup([alert], { groupKey: null }));
    }
    const search = async (words: string) => {
      const { items } = await lab.store.views.find({ words, limit: 100 });
      const said = await Promise.all(items.map(({ id }) => lab.store.views.incident(id)));
      return said.map((view) => view?.incident.alerts[0]?.annotations.summary);
    };
    return { ...lab, search };
  }

  it.each<[string, string[]]>([
    ["100%", ["disk at 100% full"]],
    ["%", ["disk at 100% full"]],
    ["_", ["my_table grew"]],
    ["y_t", ["my_table grew"]],
    ["\\", ["path C:\\temp is gone"]],
    ['"quoted"', ['the "quoted" one']],
    ["DISK", ["disk at 100% full"]],
    ["disk full", ["disk at 100% full"]],
    ["full table", []],
    ["", ["path C:\\temp is gone", 'the "quoted" one', "my_table grew", "disk at 100% full"]],
    [
      "webdown",
      ["path C:\\temp is gone", 'the "quoted" one', "my_table grew", "disk at 100% full"],
    ],
    ["'; DROP TABLE incidents; --", []],
  ])("finds %s as it is written", async (words, expected) => {
    const { search } = await told(
      "disk at 100% full",
      "my_table grew",
      'the "quoted" one',
      "path C:\\temp is gone",
    );

    expect(await search(words)).toEqual(expected);
  });

  it("finds an alert by part of its name, an incident by its id and by who decided what about it", async () => {
    const lab = createLab();
    const request = await lab.propose();
    const find = async (words: string) => (await lab.store.views.find({ words, limit: 9 })).total;
    const before = await find("looks fine to me");
    await lab.store.requests.decide(
      request.planCode,
      "reject",
      { person: "ana", channel: "console", reason: "it looks fine to me" },
      (found) => ({ outcome: "rejected", request: found }),
    );

    expect(before).toBe(0);
    for (const words of ["ebdow", "WEBDOWN ana", request.incidentId, "looks fine to me"]) {
      expect(await find(words)).toBe(1);
    }
    expect(await find("ben")).toBe(0);
  });

  it("finds nobody's secret by a search", async () => {
    const { search } = await told("could not reach postgres://app:hunter2secret@db/app");

    expect(await search("postgres")).toHaveLength(1);
    expect(await search("hunter2secret")).toEqual([]);
  });

  it("filters by severity, runbook and target", async () => {
    const lab = createLab();
    const { proposal } = await lab.propose({ target: "web-07" });
    await lab.fire({ severity: "critical", alertname: "Other" });
    const find = async (query: Partial<IncidentQuery>) =>
      (await lab.store.views.find({ limit: 9, ...query })).total;

    expect(await find({})).toBe(2);
    expect(await find({ severity: "critical" })).toBe(1);
    expect(await find({ runbook: proposal.runbookId })).toBe(1);
    expect(await find({ runbook: "another" })).toBe(0);
    expect(await find({ target: "web-07", words: "WebDown" })).toBe(1);
    expect(await find({ target: "web-08" })).toBe(0);
  });

  it("is paged, dated, and says what became of each", async () => {
    const lab = await told("one", "two", "three");
    const { views } = lab.store;
    await lab.propose();
    const since = new Date(lab.now().getTime() - MINUTE);
    const page = await views.find({ limit: 2, offset: 1 });
    const newest = await views.find({ limit: 1 });

    expect(page).toMatchObject({ total: 4, items: [{}, {}] });
    expect(newest.items[0]).toMatchObject({
      title: "WebDown",
      alertCount: 1,
      request: { actionTitle: "Identify and stop the busiest process", state: "pending" },
    });
    expect((await views.find({ since, limit: 9 })).total).toBe(3);
    expect((await views.find({ state: "resolved", limit: 9 })).total).toBe(0);
    expect((await views.find({ state: "unresolved", limit: 9 })).total).toBe(4);
  });
});

describe("an id", () => {
  it("completes from what it begins with, with or without its prefix", async () => {
    const lab = createLab();
    const { incidentId } = await lab.fire();
    const short = incidentId.slice(4, 9);
    const { idsLike } = lab.store.views;

    expect(await idsLike(short)).toEqual([incidentId]);
    expect(await idsLike(`inc_${short}`)).toEqual([incidentId]);
    expect(await idsLike(incidentId)).toEqual([incidentId]);
    for (const text of ["", "inc_", "%", "inc_%", `${incidentId}0`, "zz", "inc_' OR 1"]) {
      expect(await idsLike(text)).toEqual([]);
    }
  });
});

describe("an incident", () => {
  it("is seen whole: its alerts, requests with votes, and whether it is being looked into", async () => {
    const lab = createLab();
    const request = await lab.propose({ quorum: 2 });
    const cast = { person: "ana", channel: "console", reason: null } as const;
    await lab.store.requests.decide(request.planCode, "approve", cast, (found) => ({
      outcome: "counted",
      request: found,
      missing: 1,
    }));
    const step = await lab.store.queue.lease(["investigate"], lab.now());
    const during = await lab.store.views.incident(request.incidentId);
    if (step !== null) await lab.store.queue.finish(step);
    const after = await lab.store.views.incident(request.incidentId);

    expect(during).toMatchObject({
      isInvestigating: true,
      requests: [{ votes: [{ person: "ana" }] }],
    });
    expect(after?.isInvestigating).toBe(false);
    expect(await lab.store.views.pending()).toMatchObject([
      { id: request.id, votes: [{ person: "ana" }] },
    ]);
    expect(await lab.store.views.counts()).toEqual({ open: 1, pending: 1 });
    expect((await lab.store.views.timeline(request.incidentId)).map(({ text }) => text)).toEqual([
      "Opened: WebDown",
      "WebDown fires on web-01:9100",
      "Countersign proposed high-cpu/stop-busiest",
      "Waits for a decision, medium risk",
      "ana approved in the console; one more person is needed",
    ]);
  });

  it("keeps evidence under ids that go on, once an alert, however often it is told", async () => {
    const lab = createLab();
    const episode = await lab.fire();
    const item = {
      kind: "promql",
      title: "t",
      text: "x",
      status: "found",
      collectedAt: lab.now(),
    } as const;
    const save = (id: number) =>
      lab.store.findings.save({ ...episode, id }, [item, item], (items) => ({
        by: "rules",
        cause: items.map((one) => one.id).join(),
        confidence: "low",
        cites: [],
      }));
    await save(episode.id);
    await save(episode.id);
    await save(episode.id + 1);
    const view = await lab.store.views.incident(episode.incidentId);

    expect(view?.evidence.map(({ id }) => id)).toEqual(["E1", "E2", "E3", "E4"]);
    expect(view?.diagnosis?.cause).toBe("E3,E4");
  });
});
