import { expect, it } from "vitest";
import { ana, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;

/** An Alertmanager is there, and it knows nothing of what Grafana sends. */
async function openBesideAlertmanager() {
  const journey = createJourney({ policy: PEOPLE + TARGETS });
  journey.world.alertmanager = false;
  await journey.enableAutohealing();
  return { journey, ...openCounter(journey) };
}

it("P8 an alert of Grafana rests on its signature, not on an Alertmanager that never had it", async () => {
  const { journey } = await openBesideAlertmanager();

  await journey.fire({}, { source: "grafana", trust: "key" });

  expect(journey.runs).toEqual(["/usr/bin/true restart web"]);
});

it("T25 an alert of Grafana that nobody signed only asks", async () => {
  const { journey } = await openBesideAlertmanager();

  await journey.fire({}, { source: "grafana", trust: "none" });

  expect(journey.runs).toEqual([]);
  const request = await journey.newest();
  expect(request).toMatchObject({ state: "pending" });
  expect(request?.reasons.map(({ rule }) => rule)).toContain("untrusted_sender");
});

it("an alert of Grafana is not silenced in Alertmanager", async () => {
  const { journey, desk } = await openBesideAlertmanager();
  await journey.disableAutohealing();
  const incidentId = await journey.fire({}, { source: "grafana" });

  const answer = await desk.chat.silence({ incidentId, forMs: MINUTE, person: ana });

  expect(answer).toEqual({ outcome: "of_another_source" });
  expect(journey.world.silences).toEqual([]);
});

it("an alert of Grafana remembers its own past, not that of another with its fingerprint", async () => {
  const { journey } = await openBesideAlertmanager();
  await journey.fire({}, { source: "grafana" });
  await journey.pass(60 * MINUTE);
  const sameOf = async (source: "grafana" | "alertmanager") =>
    (
      await journey.store.past.pastOf(
        { source, fingerprint: "web", labels: {}, startsAt: journey.now() },
        new Date(0),
      )
    ).sameTotal;

  expect(await sameOf("grafana")).toBe(1);
  expect(await sameOf("alertmanager")).toBe(0);
});
