import fc from "fast-check";
import { expect, it } from "vitest";
import { createGroupCommit, NotStored } from "./group-commit.ts";

const limits = { weigh: () => 1, maxWaiting: 1000, maxTogether: 100 };

it("resolves each with its own result, and one bad item fails alone", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ isBad: fc.boolean(), wait: fc.nat(3) })),
      async (items) => {
        const stored = new Set<number>();
        const { store } = createGroupCommit(
          async (batch: readonly number[]) => {
            await new Promise((resolve) => setImmediate(resolve));
            if (batch.some((i) => items[i]?.isBad)) throw new Error("a bad one");
            for (const i of batch) stored.add(i);
            return batch.map((i) => `result ${i}`);
          },
          { ...limits, maxTogether: 4 },
        );

        const results = await Promise.all(
          items.map(async ({ wait }, i) => {
            for (let n = 0; n < wait; n += 1) await new Promise((resolve) => setImmediate(resolve));
            return await store(i).then(
              (result) => ({ result, isOnDisk: stored.has(i) }),
              (error: unknown) => error,
            );
          }),
        );

        for (const [i, { isBad }] of items.entries()) {
          if (isBad) expect(results[i]).toBeInstanceOf(NotStored);
          else expect(results[i]).toEqual({ result: `result ${i}`, isOnDisk: true });
        }
        expect(stored.size).toBe(items.filter(({ isBad }) => !isBad).length);
      },
    ),
    { numRuns: 50 },
  );
});

it("commits those that wait together", async () => {
  const batches: number[] = [];
  const { store } = createGroupCommit((batch: readonly number[]) => {
    batches.push(batch.length);
    return Promise.resolve(batch);
  }, limits);

  await Promise.all(Array.from({ length: 250 }, (_, i) => store(i)));

  expect(batches).toEqual([100, 100, 50]);
});

it("acknowledges nothing before its commit has ended", async () => {
  let end: (results: readonly number[]) => void = () => undefined;
  const { store } = createGroupCommit(
    (_: readonly number[]) =>
      new Promise<readonly number[]>((resolve) => {
        end = resolve;
      }),
    limits,
  );
  let isAcknowledged = false;
  const stored = store(1).then(() => {
    isAcknowledged = true;
  });

  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = isAcknowledged;
  end([1]);
  await stored;

  expect([before, isAcknowledged]).toEqual([false, true]);
});

it("turns away what would be too much, but never one alone, and takes more when there is room", async () => {
  const { store } = createGroupCommit((batch: readonly number[]) => Promise.resolve(batch), {
    weigh: (weight) => weight,
    maxWaiting: 10,
    maxTogether: 10,
  });

  const [huge, refused] = [store(50), store(1)];

  await expect(refused).rejects.toThrow("1 requests are waiting already");
  await expect(huge).resolves.toBe(50);
  await expect(store(1)).resolves.toBe(1);
});
