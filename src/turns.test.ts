import { expect, it, onTestFinished } from "vitest";
import { createTurns } from "./turns.ts";

it("takes one turn at a time, goes on after one that failed, and ends with the last", async () => {
  const told: unknown[] = [];
  let [turns, atOnce, most] = [0, 0, 0];
  const repeated = createTurns({
    everyMs: 1,
    async turn() {
      turns += 1;
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((done) => setTimeout(done, 5));
      atOnce -= 1;
      if (turns === 1) throw new Error("the first");
    },
    onFailure: (error) => told.push(error),
  });
  repeated.start();
  onTestFinished(() => repeated.stop());

  await expect.poll(() => turns).toBeGreaterThan(2);
  await Promise.all([repeated.go(), repeated.stop()]);

  expect(atOnce).toBe(0);
  expect(most).toBe(1);
  expect(told).toEqual([new Error("the first")]);
});
