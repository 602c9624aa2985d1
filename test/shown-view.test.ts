import { expect, it } from "vitest";
import { shownView } from "../src/shown-view.ts";
import { aView } from "./fakes/incidents.ts";

it("T33 shows no secret that a sender wrote into a label or an annotation", () => {
  const view = aView({ requests: [] });
  const [alert] = view.incident.alerts;
  if (alert === undefined) throw new Error("a view has an alert");
  const labels = { ...alert.labels, url: "postgres://app:s3cretpw@db/shop" };
  const annotations = { summary: "login failed with password=hunter2-x" };

  const shown = JSON.stringify(
    shownView({
      ...view,
      incident: { ...view.incident, alerts: [{ ...alert, labels, annotations }] },
    }),
  );

  expect(shown).not.toMatch(/s3cretpw|hunter2/);
  expect(shown).toContain("login failed");
});
