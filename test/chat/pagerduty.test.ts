import { describe, expect, it } from "vitest";
import type { Page } from "../../src/chat/pagerduty.ts";
import { createPagerDuty } from "../../src/chat/pagerduty.ts";
import { startPagerDuty } from "../fakes/pagerduty.ts";

const TRIGGER: Page = {
  what: "trigger",
  key: "req_1",
  summary: "Restart nginx needs a decision",
  source: "nginx",
  severity: "critical",
  link: "https://countersign.example/incidents/inc_1",
};

describe("PagerDuty", () => {
  it("takes a page and its end, under one key", async () => {
    const pagerduty = await startPagerDuty();
    const { page } = createPagerDuty(pagerduty);

    expect(await page(TRIGGER)).toEqual({ outcome: "accepted" });
    expect(await page({ what: "resolve", key: "req_1" })).toEqual({ outcome: "accepted" });

    expect(pagerduty.accepted.map((event) => [event.event_action, event.dedup_key])).toEqual([
      ["trigger", "req_1"],
      ["resolve", "req_1"],
    ]);
  });

  it("takes a summary of any length and an alert of no severity", async () => {
    const pagerduty = await startPagerDuty();
    const { page } = createPagerDuty(pagerduty);

    const paged = await page({ ...TRIGGER, summary: "x".repeat(5000), severity: null });

    expect(paged).toEqual({ outcome: "accepted" });
    expect(pagerduty.accepted[0]).toMatchObject({ payload: { severity: "error" } });
  });

  it("names the setting where the key is wrong, and keeps the key to itself", async () => {
    const { apiUrl } = await startPagerDuty();
    const routingKey = "f".repeat(32);

    const paged = await createPagerDuty({ apiUrl, routingKey }).page(TRIGGER);

    expect(paged).toMatchObject({
      outcome: "refused",
      why: expect.stringContaining("ROUTING_KEY"),
    });
    expect(JSON.stringify(paged)).not.toContain(routingKey);
  });

  it.each([429, 500, 503])("is to be asked again later after %i", async (status) => {
    const pagerduty = await startPagerDuty();
    pagerduty.answerWith(status);

    expect(await createPagerDuty(pagerduty).page(TRIGGER)).toMatchObject({ outcome: "later" });
  });

  it("is to be asked again later where it can't be reached", async () => {
    const { page } = createPagerDuty({ apiUrl: "http://127.0.0.1:9", routingKey: "f".repeat(32) });

    expect(await page(TRIGGER)).toMatchObject({ outcome: "later" });
  });
});
