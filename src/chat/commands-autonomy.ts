import { z } from "zod";
import type { Autonomy, Reviewable, Standing, TrackRecord } from "../remediation/track-record.ts";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, listed } from "./command.ts";
import { dateTime, oneLine } from "./text.ts";
import { asTyped } from "./wording.ts";

const SHOWN = 20;

const ActionOnTarget = z
  .object({
    words: z.tuple(
      [z.string(), z.string(), z.string()],
      "name the runbook, the action and the target",
    ),
  })
  .transform(({ words: [runbookId, actionId, target] }) => ({ runbookId, actionId, target }));

/** What may run unasked by its record, and how that is taken back. */
export function autonomyCommands({ desk, timeZone = "UTC" }: CommandDeps): ListedCommand[] {
  async function grants({ channel }: CommandContext): Promise<Reply> {
    const autonomy = await desk.autonomy();
    const { standings, reviewable } = autonomy;
    const holding = standings.filter(({ grantedAt }) => grantedAt !== null);
    const asking = standings.filter(({ grantedAt }) => grantedAt === null);
    const lines = [
      ruleLine(autonomy),
      ...holding.map((one) => `🤝 ${standingText(one, timeZone)}`),
      ...(holding.length > 0
        ? [`${asTyped("/revoke <runbook> <action> <target>", channel)} takes one back.`]
        : []),
      ...asking.map((one) => `🙋 ${standingText(one, timeZone)}`),
      ...reviewable.map(reviewText),
    ];
    const left = lines.length - SHOWN;
    return {
      text: [
        ...lines.slice(0, SHOWN),
        ...(left > 0 ? [`… ${left} more: the console lists them all.`] : []),
      ].join("\n"),
    };
  }

  async function revoke(
    { person, channel }: CommandContext,
    action: z.output<typeof ActionOnTarget>,
  ): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const what = `${oneLine(action.actionId, 60)} of ${oneLine(action.runbookId, 60)}`;
    const target = oneLine(action.target, 60);
    const isTaken = await desk.takeBack({ ...action, person });
    return {
      text: isTaken
        ? `🙋 ${what} asks again on ${target}, and its record begins anew.`
        : `${what} has no leave to run unasked on ${target}. ${asTyped("/grants", channel)} lists what has.`,
    };
  }

  return [
    listed({
      name: "grants",
      usage: "/grants",
      summary: "what has earned to run unasked, and what has not yet",
      role: "viewer",
      args: AnyWords,
      run: grants,
    }),
    listed({
      name: "revoke",
      usage: "/revoke <runbook> <action> <target>",
      summary: "let an action ask again on a target",
      role: "operator",
      args: ActionOnTarget,
      run: revoke,
    }),
  ];
}

function ruleLine({ auto, rule }: Autonomy): string {
  switch (auto) {
    case null:
      return "policy.yaml can't be read, so nothing runs.";
    case true:
      return "The policy lets low risk run unasked; nothing has to earn it.";
    case false:
      return "The policy lets nothing run unasked.";
    case "earned":
      return `Low risk asks until it has earned to run unasked: ${rule}, and people agree.`;
  }
}

function standingText(standing: Standing, timeZone: string): string {
  const { runbookId, actionId, target, record, grantedAt, missing } = standing;
  const what = `${oneLine(runbookId, 60)} ${oneLine(actionId, 60)} ${oneLine(target, 60)}`;
  const state = grantedAt === null ? missing : `unasked since ${dateTime(grantedAt, timeZone)}`;
  return `\`${what}\` ${state ?? "has passed the rule; people are asked"} (${recordText(record)})`;
}

function reviewText({ runbookId, actionId, targets, record }: Reviewable): string {
  const what = `${oneLine(runbookId, 60)} / ${oneLine(actionId, 60)}`;
  return `💡 ${what} is declared medium; its owner might review it for low: ${recordText(record)} on ${oneLine(targets.join(", "), 120)}`;
}

function recordText({ approved, verified, stillFailing, rejected }: TrackRecord): string {
  return `${approved} approved, ${verified} verified, ${stillFailing} still failing, ${rejected} rejected`;
}
