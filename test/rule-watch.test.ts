import { describe, expect, it } from "vitest";
import { createJourney } from "./responder/journey.ts";

const POLICY = `approval: {medium: {quorum: 1}}
targets:
  web: {executor: command}
  db: {executor: command}
`;
const TWO_PEOPLE = POLICY.replace("quorum: 1", "quorum: 2");

async function watched(options: Parameters<typeof createJourney>[0] = {}) {
  const journey = createJourney({ risk: "medium", policy: POLICY, ...options });
  const watch = journey.startWatch();
  await watch.check();
  return { journey, watch };
}

async function recordOf({ store, raw }: ReturnType<typeof createJourney>, kind: string) {
  expect((await store.record.verify()).firstBroken).toBeNull();
  return raw
    .prepare<[string], string>("SELECT event FROM record WHERE kind = ? ORDER BY seq")
    .pluck()
    .all(kind)
    .map((event) => (JSON.parse(event) as { data: Record<string, string | null> }).data);
}

describe("T60 a policy that was changed", () => {
  it("T60 is told everywhere, recorded with its diff, and voids what waits before anybody presses", async () => {
    const { journey, watch } = await watched();
    await journey.fire();
    const before = await journey.newest();

    journey.writePolicy(TWO_PEOPLE);
    await watch.check();
    await journey.settle();

    expect(journey.told).toEqual([
      "📜 policy.yaml changed: approval.medium.quorum 1 → 2. 1 asked under the old rules: void, and asked anew.",
    ]);
    expect(await recordOf(journey, "policy.changed")).toMatchObject([
      {
        file: "policy.yaml",
        summary: "policy.yaml changed: approval.medium.quorum 1 → 2",
        diff: expect.stringContaining(
          "-approval: {medium: {quorum: 1}}\n+approval: {medium: {quorum: 2}}\n targets:",
        ),
      },
    ]);
    const [now, old] = (await journey.newest())?.view?.requests ?? [];
    expect(old).toMatchObject({
      id: before?.id,
      state: "superseded",
      endReason: "policy.yaml was changed since this was shown",
    });
    expect(now).toMatchObject({ state: "pending", quorum: 2 });
  });

  it("T60 is noticed at the next start when it was changed while nothing ran", async () => {
    const { journey } = await watched();
    await journey.fire();

    journey.writePolicy(TWO_PEOPLE);
    await journey.startWatch().check();
    await journey.startWatch().check();

    expect(journey.told).toHaveLength(1);
    expect(await journey.store.rules.untold()).toEqual([]);
  });

  it("T60 is told after a restart when the program died between storing and telling", async () => {
    const { journey } = await watched();
    journey.writePolicy(TWO_PEOPLE);
    const files = journey.ports.catalogue.read();
    expect(files.policy).not.toBeNull();
    const dead = journey.startWatch({
      announce: () => {
        throw new Error("the power went out");
      },
    });
    await expect(dead.check()).rejects.toThrow("power");

    await journey.startWatch().check();

    expect(journey.told).toHaveLength(1);
  });

  it("P12 voids nothing while nobody can read it, and nothing when it is mended to what it was", async () => {
    const { journey, watch } = await watched();
    await journey.fire();
    const before = await journey.newest();

    journey.writePolicy("approval: [");
    await watch.check();
    journey.writePolicy(POLICY);
    await watch.check();
    await journey.settle();

    expect(journey.told).toHaveLength(2);
    expect(await journey.newest()).toMatchObject({ id: before?.id, state: "pending" });
  });

  it("leaves alone what runs already, and what has ended", async () => {
    const { journey, watch } = await watched();
    await journey.fire();
    let during = "";
    const { onRun } = journey.world;
    journey.world.onRun = () => {
      onRun();
      during = "running";
      journey.writePolicy(TWO_PEOPLE);
    };
    await journey.vote({ name: "ana" }, "approve");
    await watch.check();
    await journey.settle();

    expect(during).toBe("running");
    expect(journey.runs).toHaveLength(1);
    expect(await journey.newest()).toMatchObject({ state: "succeeded" });
  });

  it("asks anew for what could not be asked under the old one", async () => {
    const { journey, watch } = await watched({ policy: "targets: {db: {executor: command}}\n" });
    await journey.fire();
    const refused = await journey.newest();

    journey.writePolicy(POLICY);
    await watch.check();
    await journey.settle();

    expect(refused).toMatchObject({ state: "denied" });
    expect(await journey.newest()).toMatchObject({ state: "pending" });
  });

  it("does not fill the card with the same refusal after each edit", async () => {
    const { journey, watch } = await watched({ policy: "targets: {db: {executor: command}}\n" });
    await journey.fire();

    journey.writePolicy("targets: {db: {executor: command}}\n# a word\n");
    await watch.check();
    await journey.settle();

    expect((await journey.newest())?.view?.requests).toHaveLength(1);
  });
});

describe("T39 a runbook that was changed", () => {
  it("T39 T60 is told with what it changes, and voids what waits for it", async () => {
    const { journey, watch } = await watched();
    await journey.fire();

    journey.editRunbook((text) => text.replace("risk: medium", "risk: high"));
    await watch.check();
    await journey.settle();

    expect(journey.told[0]).toContain("web-down.md changed: actions[restart].risk medium → high.");
    const [now, old] = (await journey.newest())?.view?.requests ?? [];
    expect(old).toMatchObject({
      state: "superseded",
      endReason: "runbooks/web-down.md was changed since this was shown",
    });
    expect(now).toMatchObject({ state: "pending", risk: "high" });
    expect(await recordOf(journey, "runbook.changed")).toHaveLength(1);
  });

  it("voids what waits for one that was removed", async () => {
    const { journey, watch } = await watched();
    await journey.fire();

    journey.removeRunbook();
    await watch.check();
    await journey.settle();

    expect(journey.told[0]).toContain("web-down.md was removed.");
    expect(await journey.newest()).toMatchObject({ state: "superseded" });
    expect(await recordOf(journey, "runbook.changed")).toMatchObject([{ after: null }]);
  });

  it("T33 keeps a secret out of the diff, the store and what is told", async () => {
    const { journey, watch } = await watched();

    journey.editRunbook((text) => `${text}\ntoken=abcdef0123456789\n`);
    await watch.check();

    const [change] = await recordOf(journey, "runbook.changed");
    expect(change?.diff).toContain("+token=[redacted]");
    expect(JSON.stringify([journey.told, await journey.store.rules.seen()])).not.toContain(
      "abcdef",
    );
  });
});

it("T60 the first look at a folder is recorded, with the hash of every file, and told to nobody", async () => {
  const { journey, watch } = await watched();
  await watch.check();

  const { policy, runbooks } = journey.ports.catalogue.read();
  expect(await recordOf(journey, "rules.read")).toEqual([
    {
      files: {
        "policy.yaml": policy?.hash ?? "",
        "web-down.md": runbooks[0]?.sha256,
      },
    },
  ]);
  expect(journey.told).toEqual([]);
});
