import { expect, it } from "vitest";
import { comesTrue, createProgram, testAlert } from "../harness.ts";

it("shows a run in the runbook, the numbers, the record and the history, and sends a test alert", async () => {
  const program = await createProgram();
  await program.start();
  const owner = await program.signIn();
  const incident = await program.raise(testAlert("warning"));
  await program.untilRequest(incident, "pending");
  const waiting = await (await fetch(`${program.url}/api/status`)).json();
  await owner.approve(incident);
  await program.untilStory(incident, ({ verifications }) => verifications.length > 0);

  const pages = await Promise.all(
    [
      "/runbooks/test-alert",
      "/targets",
      "/policy",
      "/statistics",
      "/history?words=testal+owner&target=sandbox",
      "/settings",
      "/record",
    ].map((path) => owner.open(path)),
  );
  const texts = pages.map(({ status, text }) => `${status} ${text}`);
  const [runbook, targets, policy, statistics, history, settings, record] = texts;
  const verified = await owner.press("/record", "Verify now");
  const badge = await fetch(`${program.url}/badge.svg`);

  expect(waiting).toEqual({
    status: "ok",
    autohealing: false,
    openIncidents: 1,
    waitingRequests: 1,
  });
  expect(runbook).toMatch(/^200 .*1 run 1 helped.*in half of the verified cases/);
  expect(targets).toMatch(/sandbox.*1 run 1 helped/);
  expect(policy).toMatch(/Asks Auto-healing is off\./);
  expect(statistics).toContain("1 incident");
  expect(history).toMatch(/^200 .*1 incident /);
  expect(settings).toContain("PROMETHEUS_WEBHOOK_PATH /prometheus/webhook");
  expect(record).toMatch(/Not verified since the start.*execution\.finished/);
  expect(verified.text).toMatch(/Whole: \d+ entries fit/);
  expect(badge.headers.get("content-type")).toBe("image/svg+xml");
  expect(await badge.text()).toContain("countersign: ");

  const sent = await owner.press("/test-alert", "Send it", { severity: "critical" });
  expect(sent.text).toContain("Sent TestAlert");
  const isThere = await comesTrue(
    async () => (await owner.open("/history?severity=critical")).text.includes("TestAlert"),
    5_000,
  );
  expect(isThere).toBe(true);
});
