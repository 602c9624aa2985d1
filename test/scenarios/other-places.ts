import type { Program, Story } from "../harness.ts";
import { anAlert, createProgram } from "../harness.ts";
import { ANA } from "./box.ts";

/** One action of one executor, with what it is looked at by before and after. */
export interface Place {
  readonly executor: string;
  /** The line of `with`, and of the looks' `with`, in YAML. */
  readonly action: string;
  /** The line of `with` of what undoes it, where something does. */
  readonly undo?: string;
  readonly probe: string;
  /** Where it is not looked at by the executor that mends it. */
  readonly lookBy?: string;
  readonly broken: string;
  readonly mended: string;
  /** Lines under `targets:` of the policy. */
  readonly targets: string;
  readonly target: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeout?: string;
}

function runbook(place: Place): string {
  const probe = `{executor: ${place.lookBy ?? place.executor}, with: ${place.probe}}`;
  return `---
id: place-broken
title: It is broken
match: {alertname: PlaceBroken}
evidence:
  - {id: state, title: How it is, probe: ${probe}}
actions:
  - id: mend
    title: Mend it
    risk: medium
    executor: ${place.executor}
    with: ${place.action}
    target: ${place.target}
    targets: [${place.target}]
    precondition: {probe: ${probe}, expect: ${place.broken}}
    verify: {probe: ${probe}, expect: ${place.mended}, within: 20s}
    timeout: ${place.timeout ?? "30s"}
${place.undo === undefined ? "" : undoing(place, place.undo, probe)}---
# It is broken
`;
}

function undoing(place: Place, back: string, probe: string): string {
  return `    rollback: back
  - id: back
    title: Undo it
    risk: medium
    executor: ${place.executor}
    with: ${back}
    target: ${place.target}
    targets: [${place.target}]
    verify: {probe: ${probe}, expect: ${place.broken}, within: 20s}
`;
}

/** The program with this place in its inventory, and a chat. */
export async function startWith(place: Place): Promise<Program> {
  const program = await createProgram({
    policy: `targets:\n  ${place.targets}\n`,
    telegram: { chat: ANA, adminIds: String(ANA) },
    runbooks: { "place-broken.md": runbook(place) },
    ...(place.env === undefined ? {} : { env: place.env }),
  });
  await program.start();
  return program;
}

/** Broken, proposed, and on the card for somebody to decide. */
export async function propose(program: Program, withinMs = 20_000) {
  const incident = await program.raise(anAlert("PlaceBroken", { severity: "warning" }));
  const card = await program.telegramCard(incident, "Approvals: 0 of 1", withinMs);
  return { incident, card };
}

/** Approved by a press of the button, run, and judged. */
export async function approve(
  program: Program,
  { incident, card }: Awaited<ReturnType<typeof propose>>,
): Promise<Story> {
  await program.press(card, "Approve", ANA);
  return await program.untilStory(incident, isOver, 40_000);
}

/** Undone by a word in the chat, which somebody approves like every other action. */
export async function undo(program: Program, incident: string, execution: string): Promise<Story> {
  await program.say(`/undo ${execution}`, ANA);
  const { requests } = await program.untilStory(
    incident,
    (story) => story.requests[0]?.state === "pending",
  );
  const [asked] = requests;
  const planCode = asked?.state === "denied" ? "" : asked?.planCode;
  await program.say(`/approve ${planCode} it was wrong`, ANA);
  return await program.untilStory(incident, (story) => story.verifications.length > 1, 40_000);
}

function isOver({ requests, verifications }: Story): boolean {
  const state = requests[0]?.state ?? "";
  return verifications.length > 0 || ["failed", "unknown", "superseded"].includes(state);
}
