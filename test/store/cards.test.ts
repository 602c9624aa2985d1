import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Lab } from "./lab.ts";
import { createLab, MINUTE } from "./lab.ts";

const CHAT = { channel: "telegram", chat: "1" };

async function aCard(lab: Lab, messageId = "100") {
  const request = await lab.propose();
  const { incidentId } = request;
  const version = (await lab.store.views.incident(incidentId))?.incident.version ?? 0;
  await lab.store.cards.posted({ ...CHAT, incidentId, messageId, version, hash: "h", state: "s" });
  const tokens = await lab.store.cards.tokensFor({ ...CHAT, incidentId, requestIds: [request.id] });
  const { approve, reject } = tokens[request.id] ?? { approve: "", reject: "" };
  return { request, incidentId, approve, reject, version };
}

const where = (
  over: Partial<{ channel: string; chat: string; messageId: string; person: string }> = {},
) => ({
  ...CHAT,
  messageId: "100",
  person: "ana",
  ...over,
});

describe("a card", () => {
  it("is stale until what it shows is what there is", async () => {
    const lab = createLab();
    const { request, incidentId, version } = await aCard(lab);
    const { cards } = lab.store;
    const before = await cards.stale("telegram", "1", 10);
    await lab.store.requests.end(request.id, "cancelled", "over", "ana");
    const changed = await cards.stale("telegram", "1", 10);
    await cards.shown({ ...CHAT, incidentId, version: version + 1, hash: "i", state: "t" });

    expect(before).toEqual([]);
    expect(changed).toMatchObject([{ incidentId, messageId: "100", hash: "h", isUrgent: true }]);
    expect(await cards.stale("telegram", "1", 10)).toEqual([]);
  });

  it("stays stale, and urgent, when something happened while it was on its way", async () => {
    const lab = createLab();
    const { request, incidentId, version } = await aCard(lab);
    await lab.store.requests.end(request.id, "cancelled", "over", "ana");
    await lab.store.cards.shown({ ...CHAT, incidentId, version, hash: "i", state: "t" });

    expect(await lab.store.cards.stale("telegram", "1", 10)).toMatchObject([
      { hash: "i", isUrgent: true },
    ]);
  });

  it("that people wait for comes first, then what was never posted, then the oldest", async () => {
    const lab = createLab();
    const edited = await aCard(lab, "1");
    lab.pass(MINUTE);
    const urgent = await aCard(lab, "2");
    const fresh = await lab.fire({ x: "new" });
    await lab.store.cards.touch([edited.incidentId]);
    await lab.store.requests.end(urgent.request.id, "cancelled", "over", "ana");

    const order = (await lab.store.cards.stale("telegram", "1", 10)).map((row) => row.incidentId);

    expect(order).toEqual([urgent.incidentId, fresh.incidentId, edited.incidentId]);
  });

  it("is made for a chat that was configured later, for what is still open", async () => {
    const lab = createLab({ chats: [] });
    await lab.fire();
    const before = lab.count("cards");
    lab.raw.exec(
      "INSERT INTO cards SELECT id, 'telegram', '1', null, 0, null, null, 1, 0, 0, 1, 0, null FROM incidents",
    );
    const again = createLab();
    await again.fire();
    again.raw.exec("DELETE FROM cards");
    await again.store.cards.addMissing();
    await again.store.cards.addMissing();

    expect(before).toBe(0);
    expect(again.count("cards")).toBe(1);
  });
});

describe("a button", () => {
  it("means what it was made for, and keeps its token over every edit without another write", async () => {
    const lab = createLab();
    const { request, incidentId, approve, reject } = await aCard(lab);
    const changesOf = () => lab.raw.pragma("data_version", { simple: true });
    const before = changesOf();
    const again = await lab.store.cards.tokensFor({
      ...CHAT,
      incidentId,
      requestIds: [request.id],
    });

    expect(again[request.id]).toEqual({ approve, reject });
    expect(changesOf()).toBe(before);
    expect(approve).toMatch(/^[\w-]{22}$/);
    expect(await lab.store.cards.useToken(approve, where())).toEqual({
      verb: "approve",
      requestId: request.id,
      planCode: request.planCode,
    });
    expect(await lab.store.cards.useToken(reject, where())).toMatchObject({ verb: "reject" });
  });

  it.each([
    ["chat", { chat: "2" }],
    ["channel", { channel: "slack" }],
  ])("T04 means nothing in another %s", async (_, elsewhere) => {
    const lab = createLab();
    const { approve } = await aCard(lab);
    await aCard(lab, "101");

    expect(await lab.store.cards.useToken(approve, where(elsewhere))).toBeNull();
  });

  it("T04 decides nothing on another message, and says where its card is", async () => {
    const lab = createLab();
    const { approve } = await aCard(lab);
    await aCard(lab, "101");
    const { useToken } = lab.store.cards;

    expect(await useToken(approve, where({ messageId: "101" }))).toEqual({
      verb: "old",
      liveMessageId: "100",
      isStray: false,
    });
    expect(await useToken(approve, where({ messageId: "99" }))).toMatchObject({ isStray: true });
  });

  it("T68 gets new tokens when its presses may be lost, and the old ones decide nothing", async () => {
    const lab = createLab();
    const { request, incidentId, approve, version } = await aCard(lab);
    const over = await aCard(lab, "101");
    await lab.store.requests.end(over.request.id, "cancelled", "over", "ana");
    const { cards } = lab.store;
    const wanted = { ...CHAT, incidentId, requestIds: [request.id] };
    const count = await cards.renewButtons("telegram", "1");
    const [stale] = (await cards.stale("telegram", "1", 10)).filter(({ isUrgent }) => !isUrgent);
    const before = await cards.useToken(approve, where());
    const fresh = await cards.tokensFor({ ...wanted, isRenewed: true });
    await cards.shown({ ...CHAT, incidentId, version, hash: "h", state: "s" });

    expect(count).toBe(1);
    expect(stale).toMatchObject({ incidentId, hash: null });
    expect(before).toMatchObject({ verb: "approve" });
    expect(fresh[request.id]?.approve).not.toBe(approve);
    expect(await cards.tokensFor(wanted)).toEqual(fresh);
    expect(await cards.useToken(approve, where())).toEqual({
      verb: "old",
      liveMessageId: "100",
      isStray: false,
    });
    expect(await cards.useToken(fresh[request.id]?.approve ?? "", where())).toMatchObject({
      verb: "approve",
      requestId: request.id,
    });
  });

  it("T04 decides nothing on a message that was posted anew", async () => {
    const lab = createLab();
    const { incidentId, approve, version } = await aCard(lab);
    await lab.store.cards.lost({ ...CHAT, incidentId });
    const lost = await lab.store.cards.useToken(approve, where());
    await lab.store.cards.posted({
      ...CHAT,
      incidentId,
      messageId: "200",
      version,
      hash: "h",
      state: "s",
    });

    expect(lost).toMatchObject({ verb: "old", liveMessageId: null, isStray: true });
    expect(await lab.store.cards.useToken(approve, where())).toMatchObject({
      verb: "old",
      liveMessageId: "200",
    });
    expect(await lab.store.cards.useToken(approve, where({ messageId: "200" }))).toMatchObject({
      verb: "approve",
    });
  });

  it("T05 nobody gave out means nothing", async () => {
    const lab = createLab();
    const { approve } = await aCard(lab);
    const flipped = approve.slice(0, -1) + (approve.endsWith("A") ? "B" : "A");
    const invented = [flipped, approve.slice(1), "", `${approve} `, approve.toLowerCase()];
    for (let i = 0; i < 5000; i += 1) invented.push(randomBytes(16).toString("base64url"));

    const meanings = await Promise.all(
      invented.map((token) => lab.store.cards.useToken(token, where())),
    );

    expect(meanings.filter((meaning) => meaning !== null)).toEqual([]);
  });

  it("that confirms is used up once, by whom it was offered to", async () => {
    const lab = createLab();
    const expiresAt = new Date(lab.now().getTime() + MINUTE);
    const { cards } = lab.store;
    const token = await cards.offerConfirm({ ...CHAT, what: "enable", person: "ana", expiresAt });
    const other = await cards.useToken(token, where({ person: "ben" }));
    const first = await cards.useToken(token, where({ messageId: "whatever" }));
    const second = await cards.useToken(token, where());

    expect(other).toMatchObject({ person: "ana" });
    expect(first).toEqual({ verb: "confirm", person: "ana", expiresAt });
    expect(second).toBeNull();
  });
});
