import { expect, it, onTestFinished } from "vitest";
import { startFakeGrafana } from "../fakes/grafana.ts";
import { startFakeLoki } from "../fakes/loki.ts";
import { createProgram, testAlert } from "../harness.ts";

it("notes an incident and its fix where it is told to, and goes on as ever while Grafana fails", async () => {
  const [grafana, loki] = [await startFakeGrafana(), await startFakeLoki([])];
  onTestFinished(() => {
    grafana.stop();
    loki.stop();
  });
  const program = await createProgram({
    env: {
      GRAFANA_URL: grafana.url,
      GRAFANA_TOKEN: grafana.token,
      LOKI_URL: loki.url,
      COUNTERSIGN_NOTES_TO: "grafana,loki",
    },
  });
  grafana.answerWith(500);
  await program.start();
  const page = await program.signIn();
  const alert = testAlert("critical");
  const id = await program.raise(alert);
  await program.untilRequest(id, "pending");
  await page.approve(id);
  await program.untilRequest(id, "succeeded");

  grafana.answerWith(200);
  await program.resolve(alert);
  await expect
    .poll(() => grafana.annotations().map(({ tags }) => tags?.at(2)), { timeout: 20_000 })
    .toEqual(["incident", expect.stringMatching(/^exe_/)]);
  await expect
    .poll(() => grafana.annotations().every(({ time, timeEnd }) => (timeEnd ?? 0) > time), {
      timeout: 20_000,
    })
    .toBe(true);
  await expect
    .poll(() => loki.pushed.map(({ text }) => (JSON.parse(text) as { what: string }).what), {
      timeout: 20_000,
    })
    .toEqual(expect.arrayContaining(["ran", "checked", "over"]));
  expect((await program.health()).checks.notes).toMatchObject({ status: "ok" });
}, 60_000);
