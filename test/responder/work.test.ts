import { expect, it, onTestFinished } from "vitest";
import { createWorker } from "../../src/responder/work.ts";

it("T69 a step that fails while nothing can be stored comes back once something can", async () => {
  const full = new Error("database or disk is full");
  const step = { kind: "investigate", subject: "1", attempts: 1 } as const;
  const waiting = [step];
  let refusals = 2;
  let tries = 0;
  const worker = createWorker({
    queue: {
      leaseSome: (_, __, most) => Promise.resolve(waiting.splice(0, most)),
      finish: () => Promise.resolve(),
      postpone(back) {
        if (refusals-- > 0) return Promise.reject(full);
        waiting.push(back);
        return Promise.resolve();
      },
      nextDue: () => Promise.resolve(null),
    },
    kinds: ["investigate"],
    concurrency: 1,
    respond() {
      tries += 1;
      return tries === 1 ? Promise.reject(full) : Promise.resolve({ outcome: "done" });
    },
    now: () => new Date(),
    onFailure: () => undefined,
  });
  worker.start();
  onTestFinished(() => worker.stop());

  await expect.poll(() => tries, { timeout: 20_000 }).toBe(2);
});
