import { expect, it } from "vitest";
import { postIncident } from "../../src/report/post-incident.ts";
import { shownView } from "../../src/shown-view.ts";
import { ana, ben, openCounter, PEOPLE, TARGETS } from "../responder/counter.ts";
import { createJourney } from "../responder/journey.ts";

const LINK = "https://c.example";

async function openFixed(labels: Record<string, string> = {}) {
  const journey = createJourney({ policy: PEOPLE + TARGETS, risk: "medium" });
  const counter = openCounter(journey);
  const id = await journey.fire(labels);
  await counter.desk.chat.acknowledge(id, ana);
  await counter.decide("approve", ben);
  await journey.settle();
  await journey.resolve(labels);
  return { journey, id, ...counter };
}

async function reportOf({ journey, id }: Awaited<ReturnType<typeof openFixed>>) {
  const view = await journey.store.views.incident(id);
  if (view === null) throw new Error("it is gone");
  return postIncident(shownView(view), await journey.store.views.timeline(id), LINK);
}

it("tells an incident from its first alert to its last note", async () => {
  const lab = await openFixed();
  const isNoted = await lab.desk.chat.note(lab.id, ana, "the disk was swapped");

  const report = (await reportOf(lab)).replaceAll("\\", "");

  expect(isNoted).toBe(true);
  expect(report).toMatch(/^# WebDown\n/);
  for (const words of [
    `[${lab.id}](${LINK}/incidents/${lab.id})`,
    "Looked after by: ana",
    "Model: none was paid",
    "web-down/restart on web: finished, exit code 0",
    "ben approved in telegram: looked at it",
    "ana notes: the disk was swapped",
    "Resolved: no alert of the group fires any more",
  ]) {
    expect(report).toContain(words);
  }
});

it("a note is refused where there is no such incident", async () => {
  const { desk } = await openFixed();

  expect(await desk.chat.note("inc_000000000000", ana, "nothing")).toBe(false);
});

it("T61 what an alert says stays text in the Markdown", async () => {
  const hostile = "[click](https://evil.example) <img src=x> `code` ![](//evil)\n# Heading";
  const lab = await openFixed({ team: hostile });

  const report = await reportOf(lab);

  // Outside of fences nothing of it is left unescaped.
  const prose = report.replace(/(`{3,})text\n[\s\S]*?\n\1/g, "");
  expect(prose).toContain("evil.example");
  expect(prose).not.toMatch(/(?<!\\)\]\(https:\/\/evil|(?<!\\)<img|^# Heading/m);
});

it("T77 a secret in a note or a label does not get into it", async () => {
  const secret = "xoxb-1234567890-abcdefghijklmnop";
  const lab = await openFixed({ team: secret });
  await lab.desk.chat.note(lab.id, ana, `the token is ${secret}`);

  expect(await reportOf(lab)).not.toContain(secret);
});
