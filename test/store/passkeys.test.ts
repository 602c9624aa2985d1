import { expect, it } from "vitest";
import { aPasskey, createLab } from "./lab.ts";

it("keeps a passkey of one person, who alone can take it away", async () => {
  const { store, kinds } = createLab();
  const { passkeys } = store;

  expect(await passkeys.add(aPasskey())).toBe(true);
  expect(await passkeys.list("ana")).toMatchObject([{ ...aPasskey(), usedAt: null }]);
  expect([await passkeys.list("ben"), await passkeys.remove("id-1", "ben")]).toEqual([[], false]);
  expect(await passkeys.remove("id-1", "ana")).toBe(true);

  expect(await passkeys.find("id-1")).toBeNull();
  expect(kinds().slice(-2)).toEqual(["passkey.added", "passkey.removed"]);
});

it("T51 gives no passkey to a second person", async () => {
  const { store, kinds } = createLab();
  await store.passkeys.add(aPasskey());
  const before = kinds().length;

  expect(await store.passkeys.add(aPasskey({ person: "ben", publicKey: "other" }))).toBe(false);

  expect(await store.passkeys.find("id-1")).toMatchObject({ person: "ana", publicKey: "key" });
  expect(kinds()).toHaveLength(before);
});

it("keeps no more than twenty of a person", async () => {
  const { store } = createLab();
  const added: boolean[] = [];
  for (let n = 0; n < 21; n += 1) added.push(await store.passkeys.add(aPasskey({ id: `id-${n}` })));

  expect(added.filter(Boolean)).toHaveLength(20);
  expect(added.at(-1)).toBe(false);
  expect(await store.passkeys.add(aPasskey({ id: "id-b", person: "ben" }))).toBe(true);
});

it.each([
  ["a device that counts", 3, 4, true],
  ["a device that counts, and skips", 3, 9, true],
  ["T14 a copy, which is behind", 3, 2, false],
  ["T14 a copy, at the same count", 3, 3, false],
  ["T14 one that has stopped counting", 3, 0, false],
  ["a device that never counts", 0, 0, true],
])("%s", async (_what, counter, next, isUsed) => {
  const { store } = createLab();
  await store.passkeys.add(aPasskey({ counter }));

  expect(await store.passkeys.used("id-1", next)).toBe(isUsed);

  const found = await store.passkeys.find("id-1");
  expect(found?.counter).toBe(isUsed ? next : counter);
  expect(found?.usedAt === null).toBe(!isUsed);
});

it("T14 two uses at the same count are one", async () => {
  const { store } = createLab();
  await store.passkeys.add(aPasskey({ counter: 3 }));

  const both = await Promise.all([store.passkeys.used("id-1", 4), store.passkeys.used("id-1", 4)]);

  expect(both.filter(Boolean)).toHaveLength(1);
});
