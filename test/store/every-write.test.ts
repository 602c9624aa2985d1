import { describe, expect, it } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { Execution } from "../../src/execution/execution.ts";
import { anOpinion } from "../diagnosis/an-opinion.ts";
import type { Lab } from "./lab.ts";
import {
  aGroup,
  anIncoming,
  aPasskey,
  createLab,
  HOUR,
  MINUTE,
  newGrant,
  newRequest,
} from "./lab.ts";

const RESULT = {
  outcome: "succeeded",
  exitCode: 0,
  output: "",
  isTruncated: false,
  durationMs: 5,
} as const;
const VOTE = { person: "ana", channel: "console", reason: null } as const;
const RULES = { policyHash: "p", runbookHashes: [] };
const CHANGED = {
  name: "policy.yaml",
  before: null,
  after: "a",
  summary: "policy.yaml was added",
  diff: "+x",
  text: "x",
};

async function claimed(lab: Lab): Promise<Execution> {
  await lab.store.switches.enable("ana");
  const request = await lab.propose({ state: "approved" });
  const claim = await lab.store.executions.claim(request, HOUR, () => null);
  if (claim.outcome !== "claimed") throw new Error(claim.outcome);
  return claim.execution;
}

async function started(lab: Lab): Promise<Execution> {
  const execution = await claimed(lab);
  await lab.store.executions.start(execution);
  return execution;
}

async function finished(lab: Lab, outcome: "succeeded" | "unknown" = "succeeded") {
  const execution = await started(lab);
  await lab.store.executions.finish(execution, { ...RESULT, outcome }, lab.now());
  return execution;
}

const ON_WEB = { runbookId: "high-cpu", actionId: "stop-busiest", target: "web-01" };

async function approvedGrant({ store, now }: Lab): Promise<PlannedRequest> {
  const wanted = newGrant(now());
  const { id, planCode } = wanted;
  await store.requests.offerGrant(wanted, "May it?");
  await store.requests.decide(planCode, "approve", VOTE, (request) => ({
    outcome: "approved",
    request,
  }));
  return (await store.requests.find(id)) as PlannedRequest;
}

async function wantedSilence(lab: Lab) {
  const { id, incidentId } = await lab.fire();
  const endsAt = new Date(lab.now().getTime() + MINUTE);
  return { incidentId, requestId: null, episodeIds: [id], person: "ana", endsAt };
}

/** What is to be written, prepared up to the write itself. */
type Write = (lab: Lab) => Promise<() => Promise<unknown>>;

/** Every method that changes a state: with what it decides, refuses, runs or hears. */
const WRITES: Readonly<Record<string, Write>> = {
  "intake.accept": (lab) => Promise.resolve(() => lab.accept(aGroup([anIncoming()]))),
  "intake.accept, resolved": async (lab) => {
    await lab.propose();
    await lab.accept(aGroup([anIncoming()]));
    return () => lab.accept(aGroup([anIncoming({ status: "resolved", endsAt: lab.now() })]));
  },
  "retention.forget": async (lab) => {
    await lab.accept(aGroup([anIncoming()]));
    await lab.accept(aGroup([anIncoming({ status: "resolved", endsAt: lab.now() })]));
    lab.pass(HOUR);
    return () => lab.store.retention.forget(lab.now());
  },
  "requests.propose": (lab) => Promise.resolve(() => lab.propose()),
  "requests.decide": async (lab) => {
    const { planCode } = await lab.propose();
    return () =>
      lab.store.requests.decide(planCode, "approve", VOTE, (request) => ({
        outcome: "approved",
        request,
      }));
  },
  "requests.decide, rejected": async (lab) => {
    const { planCode } = await lab.propose();
    return () =>
      lab.store.requests.decide(planCode, "reject", VOTE, (request) => ({
        outcome: "rejected",
        request,
      }));
  },
  "requests.decide, counted": async (lab) => {
    const { planCode } = await lab.propose({ quorum: 2 });
    return () =>
      lab.store.requests.decide(planCode, "approve", VOTE, (request) => ({
        outcome: "counted",
        request,
        missing: 1,
      }));
  },
  "requests.ask": async (lab) => {
    const { incidentId } = await lab.fire();
    const wish = newRequest({ incidentId, episodeId: null, requester: "ana" }, lab.now());
    const request = { ...wish, state: "pending", episodeId: null, requester: "ana" } as const;
    return () => lab.store.requests.ask({ request, opening: null, call: null, mostLive: null });
  },
  "requests.offerGrant": (lab) =>
    Promise.resolve(() => lab.store.requests.offerGrant(newGrant(lab.now()), "May it?")),
  "grants.give": async (lab) => {
    const request = await approvedGrant(lab);
    return () => lab.store.grants.give(request, "binding", () => null);
  },
  "grants.takeBack": async (lab) => {
    await lab.store.grants.give(await approvedGrant(lab), "binding", () => null);
    return () => lab.store.grants.takeBack(ON_WEB, "ana");
  },
  "requests.edit": async (lab) => {
    const { id, digest, incidentId, episodeId } = await lab.propose();
    const request = {
      ...newRequest({ incidentId, episodeId, requester: "ana" }, lab.now()),
      state: "pending",
      requester: "ana",
    } as Parameters<typeof lab.store.requests.edit>[1];
    return () => lab.store.requests.edit({ id, digest, why: "ana edited it" }, request);
  },
  "requests.remind": async (lab) => {
    const { id } = await lab.propose();
    return () => lab.store.requests.remind(id);
  },
  "requests.escalate": async (lab) => {
    const { id } = await lab.propose();
    return () => lab.store.requests.escalate(id, { to: "admin", onCall: null });
  },
  "requests.paged": async (lab) => {
    const { id } = await lab.propose();
    return () => lab.store.requests.paged(id);
  },
  "requests.end": async (lab) => {
    const { id } = await lab.propose();
    return () => lab.store.requests.end(id, "expired", "nobody decided in time");
  },
  "executions.claim": async (lab) => {
    const request: PlannedRequest = await lab.propose({ state: "approved" });
    return () => lab.store.executions.claim(request, HOUR, () => null);
  },
  "executions.release": async (lab) => {
    const execution = await claimed(lab);
    return () => lab.store.executions.release(execution);
  },
  "executions.start": async (lab) => {
    const execution = await claimed(lab);
    return () => lab.store.executions.start(execution);
  },
  "executions.finish": async (lab) => {
    const execution = await started(lab);
    return () => lab.store.executions.finish(execution, RESULT, lab.now());
  },
  "executions.giveUpInterrupted": async (lab) => {
    await started(lab);
    return () => lab.store.executions.giveUpInterrupted();
  },
  "executions.lose": async (lab) => {
    await lab.store.switches.enable("ana");
    const request = await lab.propose({ state: "approved" });
    await lab.store.queue.leaseRun("run_1", null, lab.now());
    const claim = await lab.store.executions.claim(request, HOUR, () => null);
    if (claim.outcome !== "claimed") throw new Error(claim.outcome);
    await lab.store.executions.start(claim.execution);
    return () => lab.store.executions.lose("run_1");
  },
  "executions.verify": async (lab) => {
    const execution = await finished(lab);
    return () => lab.store.executions.verify(execution, "verified", "it holds");
  },
  "executions.markReviewed": async (lab) => {
    const { id } = await finished(lab, "unknown");
    return () => lab.store.executions.markReviewed(id, "ana");
  },
  "switches.enable": ({ store }) => Promise.resolve(() => store.switches.enable("ana")),
  "switches.disable": async ({ store }) => {
    await store.switches.enable("ana");
    return () => store.switches.disable("ana", { forMs: null, all: true });
  },
  "switches.maintain": (lab) =>
    Promise.resolve(() =>
      lab.store.switches.maintain("web", new Date(lab.now().getTime() + MINUTE), "ana"),
    ),
  "switches.setReports": ({ store }) =>
    Promise.resolve(() => store.switches.setReports(true, "ana")),
  "incidents.acknowledge": async (lab) => {
    const { incidentId } = await lab.fire();
    return () => lab.store.incidents.acknowledge(incidentId, "ana");
  },
  "incidents.note": async (lab) => {
    const { incidentId } = await lab.fire();
    return () => lab.store.incidents.note(incidentId, "ana", "the disk was swapped");
  },
  "incidents.fireAgain": async (lab) => {
    const { id } = await lab.fire();
    await lab.accept(aGroup([anIncoming({ status: "resolved", endsAt: lab.now() })]));
    lab.raw.prepare("UPDATE alerts SET status = 'resolved' WHERE id = ?").run(id);
    return () => lab.store.incidents.fireAgain(id);
  },
  "incidents.alertOver": async (lab) => {
    const { episodeId } = await lab.propose();
    return () => lab.store.incidents.alertOver(episodeId ?? 0);
  },
  "silences.begin": async (lab) => {
    const wanted = await wantedSilence(lab);
    return () => lab.store.silences.begin(wanted);
  },
  "silences.failed": async (lab) => {
    const id = await lab.store.silences.begin(await wantedSilence(lab));
    return () => lab.store.silences.failed(id, "Alertmanager does not answer");
  },
  "silences.ended": async (lab) => {
    const id = await lab.store.silences.begin(await wantedSilence(lab));
    return () => lab.store.silences.ended(id);
  },
  "silences.liftAll": async (lab) => {
    const wanted = await wantedSilence(lab);
    await lab.store.silences.begin(wanted);
    return () => lab.store.silences.liftAll(wanted.incidentId, "ana");
  },
  "executions.verify, silenced": async (lab) => {
    const execution = await finished(lab);
    const { incidentId, requestId } = execution;
    await lab.store.silences.begin({ ...(await wantedSilence(lab)), incidentId, requestId });
    return () => lab.store.executions.verify(execution, "verified", "it holds");
  },
  "sessions.createLink": ({ store }) => Promise.resolve(() => store.sessions.createLink("ana")),
  "sessions.consumeLink": async ({ store }) => {
    const token = await store.sessions.createLink("ana");
    return () => store.sessions.consumeLink(token);
  },
  "sessions.revoke": async ({ store: { sessions } }) => {
    await sessions.consumeLink(await sessions.createLink("ana"));
    const ids = (await sessions.list()).map(({ id }) => id);
    return () => sessions.revoke(ids, "ben");
  },
  "sessions.begin": ({ store }) => Promise.resolve(() => store.sessions.begin("ana", "Firefox")),
  "passkeys.add": ({ store }) => Promise.resolve(() => store.passkeys.add(aPasskey())),
  "passkeys.remove": async ({ store }) => {
    await store.passkeys.add(aPasskey());
    return () => store.passkeys.remove("id-1", "ana");
  },
  "opinions.save": async (lab) => {
    const { incidentId } = await lab.fire();
    return () => lab.store.opinions.save(incidentId, "pattern", anOpinion());
  },
  "rules.begin": ({ store }) =>
    Promise.resolve(() => store.rules.begin([{ name: "policy.yaml", sha256: "a", text: "x" }])),
  "rules.change": async (lab) => {
    await lab.propose();
    return () => lab.store.rules.change([CHANGED], RULES);
  },
};

/** Written and no state: what is shown where, what is to be done, what was found; and the record itself. */
const BOOKKEEPING =
  /^(?:(?:cards|pictures|digests|sentReports|tellings|chats|backups|queue|runners|elsewhere|findings|heard|record|searchIndex)\.|opinions\.(?:note|spend)$|rules\.told$|refusals\.note$|sessions\.endSession$|passkeys\.used$|switches\.setShadowSince$)/;

const READS =
  /^(?:views\.|lists\.|past\.|patterns\.|bygone\.|retention\.bytes$|statistics\.|shifts\.|cards\.messagesOf$|clock\.|executions\.(?:find|findByRequest|historyOf|recordOf|triedFor|undoneBy)$|silences\.find$|grants\.(?:outcomesOf|list|actions)$|requests\.(?:find|findByPlanCode|calledBefore)$|switches\.(?:autohealing|reports|shadowSince|maintenanceUntil)$|sessions\.(?:list|idOf|hasAnyoneSignedIn|peekLink|findSession)$|passkeys\.(?:find|list)$|rules\.(?:seen|untold|noticesSince)$|opinions\.(?:has|spent|spentByModel|recall)$)/;

/** Every table but the record, the counters that SQLite keeps itself and what its full-text index is made of. */
function stateOf({ raw }: Lab): string {
  const tables = raw
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'record' AND name NOT LIKE 'incident_words%'",
    )
    .pluck()
    .all();
  return JSON.stringify(
    tables.map((table) => [table, raw.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all()]),
  );
}

describe("P9 every write of the store", () => {
  it.each(Object.entries(WRITES))("P9 %s writes its record", async (_, prepare) => {
    const lab = createLab();
    const write = await prepare(lab);
    const [before, entries] = [stateOf(lab), lab.count("record")];

    await write();

    expect(stateOf(lab)).not.toBe(before);
    expect(lab.count("record")).toBeGreaterThan(entries);
  });

  it.each(Object.entries(WRITES))(
    "P9 T69 %s changes nothing when its record can't be written",
    async (_, prepare) => {
      const lab = createLab();
      const write = await prepare(lab);
      lab.raw.exec(
        "CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'full'); END",
      );
      const before = stateOf(lab);

      await expect(write()).rejects.toThrow("full");

      expect(stateOf(lab)).toBe(before);
    },
  );

  it("P9 stands in the table above, is a read, or is no state", () => {
    const { store } = createLab();
    const methods = Object.entries(store).flatMap(([part, value]) =>
      typeof value === "object" ? Object.keys(value).map((name) => `${part}.${name}`) : [],
    );
    const written = Object.keys(WRITES).map((name) => name.split(",")[0]);

    const strays = methods.filter(
      (name) => !written.includes(name) && !BOOKKEEPING.test(name) && !READS.test(name),
    );

    expect(strays).toEqual([]);
  });
});
