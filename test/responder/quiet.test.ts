import { describe, expect, it } from "vitest";
import { cardOf } from "../../src/chat/card.ts";
import { ana, ben, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";
import { webDown } from "./web-down.ts";

const MINUTE = 60_000;
const RUNBOOK = webDown("{alert: resolved, within: 2m}", "    silence: 5m\n");

type Journey = ReturnType<typeof createJourney>;

async function open(prepare: (world: Journey["world"]) => void = () => undefined) {
  const journey = createJourney({ policy: PEOPLE + TARGETS, runbook: RUNBOOK });
  journey.world.alertmanager = true;
  journey.world.onRun = () => undefined;
  prepare(journey.world);
  await journey.enableAutohealing();
  return { journey, ...openCounter(journey) };
}

const viewOf = async ({ newest }: Journey) => (await newest())?.view ?? null;

async function kindsOf(journey: Journey): Promise<string[]> {
  const id = (await viewOf(journey))?.incident.id ?? "";
  return (await journey.store.views.timeline(id)).map(({ kind }) => kind);
}

async function cardText(journey: Journey): Promise<string> {
  const view = await viewOf(journey);
  if (view === null) throw new Error("there is no incident");
  const context = { autohealing: true, now: journey.now(), publicUrl: "http://127.0.0.1:9095" };
  return JSON.stringify(cardOf(view, context as Parameters<typeof cardOf>[1]));
}

describe("a silence around the fix", () => {
  it("is there before the fix runs, and says what it is for", async () => {
    let duringRun: string[] = [];
    const { journey } = await open((world) => {
      world.onRun = () => {
        duringRun = world.silences.map(({ comment }) => comment);
      };
    });

    await journey.fire();

    expect(duringRun).toEqual([
      expect.stringMatching(
        /^Restart the web service on web, request req_[0-9a-f]+ \[countersign sil_[0-9a-f]+\]$/,
      ),
    ]);
    expect(journey.world.silences).toMatchObject([{ isLifted: false }]);
    expect(await cardText(journey)).toContain("Silenced in Alertmanager until 2026-03-01 03:05");
  });

  it("is lifted when the verification ends, and its end stands in the record", async () => {
    const { journey } = await open();
    await journey.fire();

    await journey.pass(3 * MINUTE);

    expect((await viewOf(journey))?.verifications).toMatchObject([{ outcome: "still_failing" }]);
    expect(journey.world.silences).toMatchObject([{ isLifted: true }]);
    expect(await kindsOf(journey)).toEqual(
      expect.arrayContaining(["silence.begun", "silence.lifted", "silence.ended"]),
    );
    expect(await cardText(journey)).not.toContain("Silenced");
  });

  it("ends by itself where Alertmanager is told of its end and can't be asked to lift it", async () => {
    const { journey } = await open();
    await journey.fire();
    journey.world.silencing = "refused";

    await journey.pass(4 * MINUTE);
    expect(journey.world.silences).toMatchObject([
      { isLifted: false, until: new Date("2026-03-01T03:05:00Z") },
    ]);
    await journey.pass(2 * MINUTE);

    expect(await kindsOf(journey)).toContain("silence.ended");
  });

  it("is tried again until it is lifted", async () => {
    const { journey } = await open();
    await journey.fire();
    journey.world.silencing = "refused";
    await journey.pass(3 * MINUTE);
    journey.world.silencing = "taken";

    await journey.pass(MINUTE);

    expect(journey.world.silences).toMatchObject([{ isLifted: true }]);
  });

  it("does not hold up the fix where Alertmanager does not take it", async () => {
    const { journey } = await open((world) => {
      world.silencing = "refused";
    });

    await journey.fire();

    expect(journey.runs).toHaveLength(1);
    expect(await kindsOf(journey)).toContain("silence.failed");
    expect(await cardText(journey)).not.toContain("Silenced");
  });

  it("is not asked for where there is no Alertmanager", async () => {
    const { journey } = await open((world) => {
      world.alertmanager = null;
    });

    await journey.fire();

    expect(journey.runs).toHaveLength(1);
    expect(await kindsOf(journey)).not.toContain("silence.begun");
  });

  it("is lifted again when the fix does not start after all", async () => {
    const { journey } = await open((world) => {
      world.onCrashPoint = (point) => {
        if (point === "after-claim") void journey.disableAutohealing();
      };
    });

    await journey.fire();
    await journey.pass(MINUTE);

    expect(journey.runs).toEqual([]);
    expect(journey.world.silences).toMatchObject([{ isLifted: true }]);
  });

  it.each<[string, "start" | "finish", boolean[]]>([
    // Given back and taken up anew, with a silence of its own.
    ["before the fix starts", "start", [true, false]],
    ["while it runs", "finish", [false]],
  ])("leaves nothing behind after a crash %s", async (_, method, liftedAtOnce) => {
    const { journey } = await open();
    const { store } = journey.ports;
    const powerFails = () => Promise.reject(new Error("the power fails"));
    Object.defineProperty(journey.ports, "store", {
      value: { ...store, [method]: powerFails },
      configurable: true,
    });
    const lifted = () => journey.world.silences.map(({ isLifted }) => isLifted);
    await expect(journey.fire()).rejects.toThrow("the power fails");
    expect(lifted()).toEqual([false]);

    Object.defineProperty(journey.ports, "store", { value: store });
    await journey.restart();
    expect(lifted()).toEqual(liftedAtOnce);
    await journey.pass(3 * MINUTE);

    expect(lifted()).toEqual(liftedAtOnce.map(() => true));
  });
});

describe("a silenced alert", () => {
  it("counts as active: a fix that did not help is still failing though nobody sends anything", async () => {
    const { journey } = await open();
    await journey.fire();

    await journey.pass(3 * MINUTE);

    expect((await viewOf(journey))?.verifications).toMatchObject([{ outcome: "still_failing" }]);
    expect((await viewOf(journey))?.incident.state).toBe("open");
  });

  it("is over when its source says so, though no resolution is ever sent", async () => {
    const { journey } = await open((world) => {
      world.onRun = () => {
        world.alertmanager = false;
      };
    });
    await journey.fire();

    await journey.pass(2 * MINUTE);

    const view = await viewOf(journey);
    expect(view?.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(view?.incident).toMatchObject({ state: "resolved", alerts: [{ status: "resolved" }] });
    expect(await kindsOf(journey)).toContain("alert.resolved");
  });

  it("is not over because nobody can be asked", async () => {
    const { journey } = await open((world) => {
      world.onRun = () => {
        world.alertmanager = false;
        world.prometheus = "unreachable";
      };
    });
    await journey.fire();

    await journey.pass(10 * MINUTE);
    expect((await viewOf(journey))?.incident.state).toBe("open");
    journey.world.prometheus = [];
    await journey.pass(MINUTE);

    expect((await viewOf(journey))?.incident.state).toBe("resolved");
  });
});

describe("/silence and /unsilence", () => {
  async function openBroken() {
    const lab = await open();
    await lab.journey.disableAutohealing();
    await lab.journey.fire();
    const incidentId = (await viewOf(lab.journey))?.incident.id ?? "";
    return { ...lab, incidentId };
  }

  it("silences what fires for as long as was asked, and says until when and by whom", async () => {
    const { journey, desk, incidentId } = await openBroken();

    const answer = await desk.chat.silence({ incidentId, forMs: 60 * MINUTE, person: ana });

    expect(answer).toEqual({
      outcome: "silenced",
      alerts: 1,
      until: new Date("2026-03-01T04:00:00Z"),
    });
    expect(journey.world.silences).toMatchObject([{ isLifted: false }]);
    expect(await cardText(journey)).toContain("Silenced in Alertmanager until 2026-03-01 04:00");
    await journey.pass(59 * MINUTE);
    expect(journey.world.silences).toMatchObject([{ isLifted: false }]);
  });

  it("is not ended by a fix that is verified meanwhile", async () => {
    const { journey, desk, decide, incidentId } = await openBroken();
    await desk.chat.silence({ incidentId, forMs: 60 * MINUTE, person: ana });
    await decide("approve", ben);
    await journey.settle();

    await journey.pass(4 * MINUTE);

    expect(journey.world.silences).toMatchObject([{ isLifted: false }, { isLifted: true }]);
  });

  it("is lifted before its time by /unsilence, once", async () => {
    const { journey, desk, incidentId } = await openBroken();
    await desk.chat.silence({ incidentId, forMs: 60 * MINUTE, person: ana });

    const lifted = [
      await desk.chat.unsilence(incidentId, ana),
      await desk.chat.unsilence(incidentId, ana),
    ];
    await journey.settle();

    expect(lifted).toEqual([1, 0]);
    expect(journey.world.silences).toMatchObject([{ isLifted: true }]);
  });

  it("says what is missing", async () => {
    const { journey, desk, incidentId } = await openBroken();
    const wanted = { incidentId, forMs: MINUTE, person: ana };
    const answers = [];
    journey.world.silencing = "refused";
    answers.push(await desk.chat.silence(wanted));
    journey.world.alertmanager = null;
    answers.push(await desk.chat.silence(wanted));
    journey.world.alertmanager = true;
    await journey.resolve();
    answers.push(await desk.chat.silence(wanted));

    expect(answers).toEqual([
      { outcome: "failed", why: "Alertmanager does not answer" },
      { outcome: "not_configured" },
      { outcome: "nothing_fires" },
    ]);
  });
});
