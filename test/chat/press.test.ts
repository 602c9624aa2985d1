import { expect, it } from "vitest";
import { buttonData, createPresses } from "../../src/chat/press.ts";
import { createChatPorts, newToken } from "../fakes/chat-ports.ts";
import { aView, NOW } from "../fakes/incidents.ts";

it("T05 accepts none of 100 000 invented tokens, and the real one", async () => {
  const ports = createChatPorts();
  const place = { incidentId: aView().incident.id, channel: "telegram", chat: "-100" } as const;
  const tokens = await ports.store.tokensFor({ ...place, requestIds: ["req_1"] });
  await ports.store.cardPosted({ ...place, messageId: "1", version: 1, hash: "", state: "" });
  const { press } = createPresses(ports);
  const attempt = (data: string) =>
    press({
      data,
      channel: "telegram",
      chat: "-100",
      messageId: "1",
      person: { name: "ana", roles: ["approver", "operator"] },
      now: NOW,
    });

  for (let n = 0; n < 100_000; n += 1) {
    const verb = (["approve", "reject", "confirm"] as const)[n % 3] ?? "approve";
    const { refusal } = await attempt(buttonData(verb, newToken()));
    if (refusal !== "unknown_token") throw new Error(`attempt ${n} was let through`);
  }

  expect(ports.attempts).toEqual([]);
  await attempt(buttonData("approve", tokens.req_1?.approve ?? ""));
  expect(ports.attempts).toHaveLength(1);
});
