import { expect, it } from "vitest";
import { aGroup, anIncoming, createLab, HOUR, newRequest } from "./lab.ts";

async function aDrill(lab: ReturnType<typeof createLab>, labels: Record<string, string> = {}) {
  const group = aGroup([anIncoming({ endsAt: lab.now() }, labels)], { source: "drill" });
  const [accepted] = await lab.accept(group);
  const [episode] = await lab.store.views.openDrills();
  if (episode === undefined) throw new Error("no drill is open");
  return { incidentId: accepted?.incidents[0] ?? "", episodeId: episode.id, group };
}

it.each(["pending", "approved"] as const)(
  "P1 nothing of a drill is ever %s, whoever proposes it",
  async (state) => {
    const lab = createLab();
    const { incidentId, episodeId } = await aDrill(lab);
    const request = newRequest({ incidentId, episodeId, state }, lab.now());
    const asked = { ...request, state: "pending" as const, episodeId: null, requester: "ana" };

    await expect(lab.store.requests.propose(request)).rejects.toThrow(
      "nothing of a drill can be approved",
    );
    const end = await lab.store.requests.ask({
      ...{ request: asked, opening: null, call: null, mostLive: null },
    });

    expect(end).toEqual({ outcome: "incident_over" });
    expect(lab.count("requests")).toBe(0);
  },
);

it("P1 the database itself keeps a drill's request denied, and takes no run for it", async () => {
  const lab = createLab();
  const { incidentId, episodeId } = await aDrill(lab);
  const { plan, planCode, ...request } = newRequest({ incidentId, episodeId }, lab.now());
  const rehearsed = { plan, planCode };
  await lab.store.requests.propose({ ...request, state: "denied", rehearsed, retryAt: null });
  const run = `INSERT INTO executions (id, request_id, incident_id, runbook_id, action_id, target, is_unasked, state, claimed_at)
    VALUES ('exe_1', '${request.id}', '${incidentId}', 'r', 'a', 't', 1, 'claimed', 1)`;

  for (const state of ["pending", "approved", "executing"]) {
    expect(() => lab.raw.prepare("UPDATE requests SET state = ?").run(state)).toThrow(
      "nothing of a drill can be approved",
    );
  }
  expect(() => lab.raw.exec(run)).toThrow("nothing runs for a drill");
});

it("refuses a plan code that is only shown, with the reason, and records that", async () => {
  const lab = createLab();
  const { incidentId, episodeId } = await aDrill(lab);
  const { plan, planCode, ...request } = newRequest({ incidentId, episodeId }, lab.now());
  const reasons = [{ rule: "drill_ask", text: "This is a drill." }];
  const denied = { ...request, reasons, state: "denied" as const, retryAt: null };
  await lab.store.requests.propose({ ...denied, rehearsed: { plan, planCode } });

  const vote = { person: "ana", channel: "console", reason: null } as const;
  const ruling = await lab.store.requests.decide(planCode, "approve", vote, () => {
    throw new Error("no rule is asked");
  });

  expect(ruling).toEqual({ outcome: "not_allowed", why: "This is a drill." });
  expect(lab.kinds().at(-1)).toBe("decision.refused");
  expect(await lab.store.requests.find(request.id)).toMatchObject({
    state: "denied",
    plan: null,
    rehearsed: { plan, planCode },
  });
});

it("leaves drills out of the statistics, of past incidents, and of when an alert last came", async () => {
  const lab = createLab();
  const { group } = await aDrill(lab);
  await lab.accept({
    ...group,
    alerts: [{ ...anIncoming(), status: "resolved", endsAt: lab.now() }],
  });
  const real = await lab.fire({ n: "1" }, new Date(lab.now().getTime() + 1));

  const from = new Date(lab.now().getTime() - HOUR);
  const found = await lab.store.statistics.tally(from, lab.now());
  const past = await lab.store.past.pastOf(real, new Date(0));

  expect(found).toMatchObject({
    incidents: 1,
    noisiest: [{ title: "WebDown", count: 1 }],
    recover: { count: 0 },
    fixes: { resolved: 0 },
  });
  expect(past).toMatchObject({ sameTotal: 0, elsewhere: 0 });
});

it("has no alert that came last where only drills came", async () => {
  const lab = createLab();
  await aDrill(lab);

  expect(await lab.store.views.lastAlertAt()).toBeNull();
});

it("gives no card to a chat that a drill does without; a real alert can't ask for that", async () => {
  const lab = createLab({
    chats: [
      { channel: "telegram", chat: "1" },
      { channel: "slack", chat: "C1" },
    ],
  });
  const drill = await aDrill(lab, { without: "model,telegram" });
  const real = await lab.fire({ without: "telegram,slack" });
  const channels = async (id: string) =>
    (await lab.store.cards.messagesOf(id)).map(({ channel }) => channel).sort();

  expect(await channels(drill.incidentId)).toEqual(["slack"]);
  expect(await channels(real.incidentId)).toEqual(["slack", "telegram"]);
});
