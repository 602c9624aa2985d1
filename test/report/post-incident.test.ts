import fc from "fast-check";
import { expect, it } from "vitest";
import type { IncidentView } from "../../src/chat/card.ts";
import { postIncident } from "../../src/report/post-incident.ts";
import { shownView } from "../../src/shown-view.ts";
import { hostileText, hostileView, hostileWords } from "../fakes/hostile.ts";
import { anExecution, aVerification, NOW } from "../fakes/incidents.ts";
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

const INVISIBLE = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Surrogate}]|(?!\n)\p{Cc}/u;
/** Everything that can begin or end something, and is not escaped; then what readers make a link of by themselves. */
const LIVE = /^(?:[^\\`*_{}[\]<>#+!|~&$]|\\[!-/:-@[-`{-~])*$/;
const LINK_BY_ITSELF = /(?<!\\):\/\/|\bwww\.|[@#][^\s\u2060]/i;

/** What only Markdown takes for its own, at the beginning of a word or in it. */
const MARKUP = [
  "www.evil.example",
  "1. one",
  "2) two",
  "~~~",
  "---",
  "===",
  "| a |\n|---|",
  "$x$",
  "[1]: //x",
];
const markdown = fc.array(fc.oneof(fc.constantFrom(...MARKUP), hostileText), { maxLength: 4 });
const words = fc.oneof(
  hostileWords,
  fc.array(
    markdown.map((parts) => parts.join("\n")),
    { minLength: 1, maxLength: 6 },
  ),
);

/** These words wherever words from outside can stand. */
function reportWith(given: readonly string[]): string {
  const word = (n: number) => given[n % given.length] ?? "";
  const view = hostileView(given);
  const run = anExecution({ target: word(0), runbookId: word(1), actionId: word(2) });
  const timeline = given.flatMap((text, seq) => [
    { ...{ seq, at: NOW, text, actor: text }, kind: "incident.noted" },
    { ...{ seq, at: NOW, text, actor: text }, kind: "opinion.written" },
  ]);
  const seen: IncidentView = {
    ...view,
    incident: { ...view.incident, acknowledgedBy: word(3) },
    executions: [run],
    verifications: [aVerification({ executionId: run.id, detail: word(4) })],
  };
  return postIncident(seen, timeline, LINK);
}

/** As CommonMark reads it: what stands in a fence is text, up to a line that closes it. */
function linesOf(report: string): { prose: string[]; fences: number } {
  const prose: string[] = [];
  let [fences, open] = [0, ""];
  for (const line of report.split("\n")) {
    const ticks = /^ {0,3}(`{3,})(.*)$/.exec(line);
    if (open === "" && ticks !== null) [open, fences] = [ticks[1] ?? "", fences + 1];
    else if (open === "") prose.push(line);
    else if (ticks?.[2]?.trim() === "" && (ticks[1] ?? "").length >= open.length) open = "";
  }
  expect(open, "every fence is closed").toBe("");
  return { prose, fences };
}

const kindOf = (line: string) => /^(?:#{1,6}|-)(?= |$)|^/.exec(line)?.[0] ?? "";

it("T31 T34 T43 T61 whatever words say, they begin and end nothing in the Markdown", () => {
  fc.assert(
    fc.property(words, (said) => {
      const report = reportWith(said);
      const { prose, fences } = linesOf(report);
      const harmless = linesOf(reportWith(said.map(() => "x")));

      expect(fences).toBe(harmless.fences);
      expect(prose.map(kindOf)).toEqual(harmless.prose.map(kindOf));
      expect(report).not.toMatch(INVISIBLE);
      for (const line of prose) {
        if (line.includes(LINK) || line === "_To be written by people._") continue;
        const text = line.slice(kindOf(line).length).trimStart();
        expect(text).toMatch(LIVE);
        expect(text).not.toMatch(LINK_BY_ITSELF);
        expect(text).not.toMatch(/^(?:\d{1,9}[.)]|[-+*>])(?:\s|$)/);
      }
    }),
    { numRuns: 120 },
  );
});

it("T61 a fence in the evidence does not end its fence, however long it is", () => {
  for (const ticks of ["```", "`".repeat(39), "`".repeat(40), "`".repeat(4000)]) {
    const report = reportWith([`x\n${ticks}\n# Heading\n${ticks}\r${ticks}`]);

    expect(linesOf(report).prose.filter((line) => line === "# Heading")).toEqual([]);
  }
});

it("T77 a secret in a note or a label does not get into it", async () => {
  const secret = "xoxb-1234567890-abcdefghijklmnop";
  const lab = await openFixed({ team: secret });
  await lab.desk.chat.note(lab.id, ana, `the token is ${secret}`);

  expect(await reportOf(lab)).not.toContain(secret);
});
