import { expect, it } from "vitest";
import { createLab } from "./lab.ts";

const OLD = { channel: "telegram", chat: "1" };
const NEW = { channel: "telegram", chat: "2" };

async function withCard() {
  const lab = createLab();
  const { incidentId } = await lab.fire();
  const shown = { incidentId, messageId: "57", version: 9, hash: "h", state: "s" };
  await lab.store.cards.posted({ ...OLD, ...shown });
  return lab;
}

it("a chat that moved is remembered, and its open cards are posted anew, once", async () => {
  const lab = await withCard();
  await lab.store.chats.moved({ ...OLD, to: "2" });
  const stale = await lab.store.cards.stale("telegram", "1", 10);
  const shown = { version: 9, hash: "h", state: "s", messageId: "3" };
  await lab.store.cards.posted({ ...OLD, ...shown, incidentId: stale[0]?.incidentId ?? "" });
  await lab.store.chats.moved({ ...OLD, to: "2" });

  expect(stale).toMatchObject([{ messageId: null, state: "s" }]);
  expect(await lab.store.chats.recall(OLD)).toMatchObject({ movedTo: "2" });
  expect(await lab.store.cards.stale("telegram", "1", 10)).toEqual([]);
});

it("cards go along when the setting names the chat by its new id", async () => {
  const lab = await withCard();
  await lab.store.chats.moved({ ...OLD, to: "2" });
  await lab.store.chats.adopt(NEW);
  await lab.store.chats.adopt(NEW);

  expect(await lab.store.cards.stale("telegram", "2", 10)).toHaveLength(1);
  expect(lab.count("cards")).toBe(1);
  expect(await lab.store.chats.recall(NEW)).toMatchObject({ movedTo: null });
});

it("the newest updates that were handled are known, and no more than a few hundred kept", async () => {
  const { store } = createLab();
  for (let update = 1; update <= 300; update += 1) await store.chats.handled({ ...OLD, update });

  expect(await store.chats.isHandled({ ...OLD, update: 300 })).toBe(true);
  expect(await store.chats.isHandled({ ...OLD, update: 101 })).toBe(true);
  expect(await store.chats.isHandled({ ...OLD, update: 100 })).toBe(false);
  expect(await store.chats.isHandled({ ...NEW, update: 300 })).toBe(false);
});
