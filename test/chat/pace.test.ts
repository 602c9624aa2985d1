import { expect, it } from "vitest";
import { createPace, GROUP_CHAT } from "../../src/chat/pace.ts";

it("T72 a clock that is set back does not hold a chat up", () => {
  let now = 10_000_000;
  const pace = createPace(GROUP_CHAT, () => now);
  for (let n = 0; n < 30; n += 1) pace.spend("send");
  expect(pace.waitMs("send", "person")).toBe(60_000);

  now -= 3_600_000;

  expect(pace.waitMs("send", "person")).toBe(0);
});
