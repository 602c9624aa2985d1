import { describe, expect, it } from "vitest";
import type { Step } from "../../src/store/steps.ts";
import { createLab, MINUTE, START } from "./lab.ts";

const at = (minutes: number) => new Date(START.getTime() + minutes * MINUTE);

describe("a step", () => {
  it("is leased to one, the longest due first, of the kinds that were asked for", async () => {
    const { queue } = createLab().store;
    await queue.enqueue("propose", "b", at(1));
    await queue.enqueue("investigate", "a", at(2));
    await queue.enqueue("execute", "c", at(0));
    await queue.enqueue("propose", "later", at(9));
    const lease = async () => (await queue.lease(["investigate", "propose"], at(3)))?.subject;

    expect([await lease(), await lease(), await lease()]).toEqual(["b", "a", undefined]);
    expect(await queue.nextDue(["investigate", "propose"])).toEqual(at(9));
    expect(await queue.nextDue(["verify"])).toBeNull();
  });

  it("is leased with others at once, and done with others at once", async () => {
    const { queue } = createLab().store;
    await queue.enqueue("propose", "b", at(1));
    await queue.enqueue("investigate", "a", at(0));
    await queue.enqueue("propose", "c", at(2));
    const lease = () => queue.leaseSome(["investigate", "propose"], at(3), 2);

    const first = await lease();
    expect(first.map(({ subject }) => subject)).toEqual(["a", "b"]);
    await queue.enqueue("propose", "b", at(3));
    await queue.finishAll(first);
    const second = await lease();
    expect(second.map(({ subject }) => subject)).toEqual(["c", "b"]);
    await queue.finishAll(second);
    expect(await queue.depths()).toEqual([]);
  });

  it("runs once more when it was enqueued while it ran", async () => {
    const { queue } = createLab().store;
    await queue.enqueue("propose", "1", at(0));
    const first = (await queue.lease(["propose"], at(0))) as Step;
    await queue.enqueue("propose", "1", at(0));
    const during = await queue.lease(["propose"], at(0));
    await queue.finish(first);
    const second = (await queue.lease(["propose"], at(0))) as Step;
    await queue.finish(second);

    expect(during).toBeNull();
    expect(second).toMatchObject({ subject: "1", attempts: 1 });
    expect(await queue.nextDue(["propose"])).toBeNull();
  });

  it("that is postponed comes back later, and says how often it was tried", async () => {
    const { queue } = createLab().store;
    await queue.enqueue("verify", "1", at(0));
    await queue.postpone((await queue.lease(["verify"], at(0))) as Step, at(5), "not yet");

    expect(await queue.lease(["verify"], at(4))).toBeNull();
    expect(await queue.lease(["verify"], at(5))).toMatchObject({ attempts: 2 });
  });

  it("that was enqueued while it ran is not put off with it", async () => {
    const { queue } = createLab().store;
    await queue.enqueue("propose", "1", at(0));
    const first = (await queue.lease(["propose"], at(0))) as Step;
    await queue.enqueue("propose", "1", at(1));
    await queue.postpone(first, at(60), "busy");

    expect(await queue.lease(["propose"], at(1))).toMatchObject({ subject: "1" });
  });

  it("whose worker died is there again after the start", async () => {
    const lab = createLab();
    await lab.store.queue.enqueue("propose", "1", at(0));
    await lab.store.queue.lease(["propose"], at(0));
    const restarted = lab.open(true);

    expect(await restarted.queue.lease(["propose"], at(0))).toMatchObject({ attempts: 2 });
    restarted.close();
  });

  it("T75 that was given back before a stop has not made the program fall over", async () => {
    const lab = createLab();
    await lab.store.queue.enqueue("propose", "1", at(0));
    for (let stops = 1; stops <= 3; stops += 1) {
      await lab.store.queue.lease(["propose"], lab.now());
      await lab.store.queue.giveBackAll();
      lab.open(true).close();
    }

    expect(await lab.store.queue.lease(["propose"], lab.now())).toMatchObject({ subject: "1" });
    expect(await lab.store.queue.setAside()).toEqual([]);
  });

  it("T75 that was under way at every crash waits longer after each from the third, up to a day", async () => {
    const lab = createLab();
    await lab.store.queue.enqueue("propose", "1", at(0));
    const waits: number[] = [];
    for (let crash = 1; crash <= 9; crash += 1) {
      await lab.store.queue.lease(["propose"], lab.now());
      const restarted = lab.open(true);
      const due = (await restarted.queue.nextDue(["propose"])) as Date;
      restarted.close();
      const wait = due.getTime() - lab.now().getTime();
      waits.push(wait / MINUTE);
      lab.pass(wait);
    }

    expect(waits).toEqual([0, 0, 1, 4, 16, 64, 256, 1024, 1440]);
    expect(await lab.store.queue.setAside()).toMatchObject([{ subject: "1", crashes: 9 }]);
  });
});
