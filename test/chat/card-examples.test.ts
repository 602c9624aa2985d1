import { readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DIGESTS, EXAMPLES, FORM } from "../../demo/cards/examples.ts";
import { slackFormLook, slackLook } from "../../demo/cards/slack-look.ts";
import { telegramLook } from "../../demo/cards/telegram-look.ts";
import type { RequestState } from "../../src/approval/approval.ts";
import type { CardState } from "../../src/chat/card.ts";
import { cardOf } from "../../src/chat/card.ts";
import type { ExecutionState } from "../../src/execution/execution.ts";
import type { IncidentState } from "../../src/incident/incident.ts";
import type { Risk } from "../../src/remediation/proposal.ts";
import type { VerificationOutcome } from "../../src/verification/verification.ts";
import { checkModal } from "../fakes/slack-block-kit.ts";

// Each list is complete by its type: a new state does not compile until it is here.
const REQUEST_STATES: Record<RequestState, true> = {
  pending: true,
  approved: true,
  denied: true,
  rejected: true,
  expired: true,
  superseded: true,
  cancelled: true,
  executing: true,
  succeeded: true,
  failed: true,
  unknown: true,
};
const INCIDENT_STATES: Record<IncidentState, true> = {
  open: true,
  acknowledged: true,
  resolved: true,
};
const CARD_STATES: Record<CardState, true> = {
  analysing: true,
  open: true,
  denied: true,
  pending: true,
  executing: true,
  checking: true,
  verified: true,
  still_failing: true,
  inconclusive: true,
  failed: true,
  unknown: true,
  rejected: true,
  expired: true,
  superseded: true,
  cancelled: true,
  granted: true,
  taken_back: true,
  resolved: true,
};
const RISKS: Record<Risk, true> = { low: true, medium: true, high: true };
const OUTCOMES: Record<VerificationOutcome, true> = {
  verified: true,
  still_failing: true,
  inconclusive: true,
};
const EXECUTION_STATES: Partial<Record<ExecutionState, true>> = {
  started: true,
  finished: true,
  timed_out: true,
  unknown: true,
};

const views = EXAMPLES.map(({ view }) => view);
const requests = views.flatMap((view) => view.requests);
const cards = EXAMPLES.map(({ view, context }) => cardOf(view, context));

describe("there is an example for each", () => {
  it.each<[string, object, readonly string[]]>([
    ["state of a request", REQUEST_STATES, requests.map(({ state }) => state)],
    ["state of an incident", INCIDENT_STATES, views.map(({ incident }) => incident.state)],
    ["state of a card", CARD_STATES, cards.map(({ state }) => state)],
    [
      "risk that is asked about",
      RISKS,
      requests.filter(({ state }) => state === "pending").map(({ risk }) => risk),
    ],
    [
      "outcome of a check",
      OUTCOMES,
      views.flatMap(({ verifications }) => verifications.map(({ outcome }) => outcome)),
    ],
    [
      "end of a run",
      EXECUTION_STATES,
      views.flatMap(({ executions }) => executions.map(({ state }) => state)),
    ],
  ])("%s", (_, wanted, found) => {
    expect(Object.keys(wanted).filter((state) => !found.includes(state))).toEqual([]);
  });
});

const examples = EXAMPLES.map(({ name, view, context }) => ({ name, card: cardOf(view, context) }));

describe.each([...examples, ...DIGESTS])("the card $name", ({ card }) => {
  it("is one that both platforms take", () => {
    expect(telegramLook(card, "dark")).toContain("Countersign");
    expect(slackLook(card)).toContain("Countersign");
  });

  it("makes sense as a notification of at most 60 characters", () => {
    expect(card.headline.length).toBeLessThanOrEqual(60);
    expect(card.headline).toMatch(/^\S+ [A-Z][A-Za-z ]+: \S/u);
  });
});

it("has names of its own for each example", () => {
  expect(new Set(EXAMPLES.map(({ name }) => name)).size).toBe(EXAMPLES.length);
});

it("shows the form of a high risk as one that Slack takes", () => {
  checkModal(FORM);
  expect(slackFormLook(FORM)).toContain("Plan code");
});

it("has every picture that the documentation shows, and small", () => {
  const shown = [...readFileSync("docs/cards.md", "utf8").matchAll(/\]\((?<path>cards\/[^)]+)\)/g)];

  expect(shown.length).toBeGreaterThan(10);
  for (const { groups } of shown)
    expect(statSync(`docs/${groups?.path}`).size).toBeLessThan(60 * 1024);
});
