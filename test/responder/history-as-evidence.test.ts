import { expect, it } from "vitest";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;

it("an alert that was there before is shown with what was done and whether it helped", async () => {
  const journey = createJourney({ risk: "low" });
  await journey.enableAutohealing();
  await journey.fire({ service: "web" });
  await journey.pass(2 * MINUTE);
  await journey.resolve({ service: "web" });
  await journey.pass(60 * MINUTE);
  journey.world.state = "down";

  await journey.fire({ service: "web" });

  const evidence = (await journey.newest())?.view?.evidence ?? [];
  const history = evidence.find(({ kind }) => kind === "history");
  const change = evidence.find(({ kind }) => kind === "change");
  expect(history?.text).toBe(
    [
      "This alert fired once before; restart helped 1 of 1 times.",
      "62 min before, for 2 min: restart of web-down on web: verified",
    ].join("\n"),
  );
  expect(change?.text).toBe("62 min before: restart of web-down on web: verified");
  expect(evidence.map(({ id }) => id)).toEqual(evidence.map((_, i) => `E${i + 1}`));
});

it("the same alert about something else is counted, and a first one has no history", async () => {
  const journey = createJourney({ risk: "medium" });
  await journey.fire({ service: "db" });
  const first = (await journey.newest())?.view?.evidence ?? [];
  await journey.pass(5 * MINUTE);

  await journey.fire({ service: "web" });

  expect(first.filter(({ kind }) => kind === "history")).toEqual([]);
  const { view } = (await journey.newest()) ?? {};
  expect(view?.evidence.find(({ kind }) => kind === "history")?.text).toBe(
    "1 elsewhere in the last 30 days",
  );
});
