import { z } from "zod";
import type { Channel } from "../approval/approval.ts";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { listed, pairsIn } from "./command.ts";
import { commandText } from "./command-text.ts";
import type { RunAnswer, RunWish, TrialAnswer } from "./desk.ts";
import { clean, cut, oneLine } from "./text.ts";
import { aloneText, asTyped, reasonLines } from "./wording.ts";

/** `container-down restart container=nginx target=nginx --dry-run` */
const Run = z
  .object({
    words: z.tuple([z.string("a runbook is missing")], z.string()),
    flags: z.object({
      "dry-run": z.literal(true, "--dry-run takes no value").optional(),
      incident: z.string("--incident takes the id of an open incident").optional(),
    }),
  })
  .transform(({ words, flags }, context) => {
    const [runbook, ...rest] = words;
    const { pairs, plain, flaw: wrong } = pairsIn(rest);
    const flaw = flawOf(plain) ?? wrong;
    if (flaw !== null) {
      context.addIssue({ code: "custom", message: flaw });
      return z.NEVER;
    }
    return {
      runbook,
      action: plain[0] ?? null,
      target: pairs.find(([name]) => name === "target")?.[1] ?? null,
      params: Object.fromEntries(pairs.filter(([name]) => name !== "target")),
      incident: flags.incident ?? null,
      isDryRun: flags["dry-run"] === true,
    };
  });

function flawOf(plain: readonly string[]): string | null {
  return plain[1] === undefined
    ? null
    : `"${oneLine(plain[1], 40)}" is neither the action nor key=value; a value has no spaces`;
}

const ExecutionId = z
  .object({ words: z.tuple([z.string("the id of a run is missing")], z.string()) })
  .transform(({ words }) => words[0]);

/** What a person asks for without an alert. The desk puts it through the same policy; others decide. */
export function runningCommands({ desk }: CommandDeps): ListedCommand[] {
  async function run(
    { person, channel }: CommandContext,
    { isDryRun, ...wanted }: Omit<RunWish, "person" | "channel"> & { isDryRun: boolean },
  ): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const wish = { ...wanted, person, channel };
    return {
      text: isDryRun
        ? trialText(await desk.tryRun(wish))
        : answerText(await desk.run(wish), channel),
    };
  }

  async function undo({ person, channel }: CommandContext, execution: string): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    return { text: answerText(await desk.undo({ execution, person, channel }), channel) };
  }

  return [
    listed({
      name: "undo",
      usage: "/undo <execution>",
      summary: "ask for what undoes a run; others approve it",
      role: "operator",
      args: ExecutionId,
      run: undo,
    }),
    listed({
      name: "run",
      usage: "/run <runbook> [<action>] [key=value…] [target=<name>] [--incident <id>] [--dry-run]",
      summary: "ask for an action; others approve it",
      role: "operator",
      args: Run,
      run,
    }),
  ];
}

function answerText(answer: RunAnswer, channel: Channel): string {
  switch (answer.outcome) {
    case "asked": {
      const { planCode, incidentId, actionTitle, target, risk, reasons, isSolo } = answer;
      const who = isSolo
        ? aloneText(answer, channel)
        : "Somebody else has to approve it: nobody approves what they asked for.";
      return [
        `🙋 Asked for: ${oneLine(actionTitle, 80)} on ${oneLine(target, 60)}, plan \`${planCode}\`, ${risk.toUpperCase()} risk.`,
        ...reasonLines(reasons),
        who,
        `The card is \`${incidentId}\``,
      ].join("\n");
    }
    case "duplicate":
      return `The same is asked for already and not over: plan \`${answer.planCode}\`. ${asTyped("/pending", channel)} lists what waits.`;
    case "choose":
    case "refused":
      return notRunText(answer);
  }
}

const VERDICTS = {
  auto_run: "it would be asked for",
  ask: "it would be asked for",
  deny: "it would be refused",
} as const;

function trialText(answer: TrialAnswer): string {
  if (answer.outcome !== "tried") return notRunText(answer);
  const { command, target, verdict, dryRun } = answer;
  return [
    `Nothing has run. ${verdict.risk.toUpperCase()} risk, ${VERDICTS[verdict.outcome]}:`,
    `\`${commandText(command).replaceAll("`", "\\u0060")}\``,
    `Target: ${oneLine(target, 60)}`,
    ...reasonLines(verdict.reasons),
    dryRun === null
      ? "The action has no dry run."
      : `Its dry run says: ${cut(clean(dryRun), 1_500) || "nothing"}`,
  ].join("\n");
}

function notRunText(answer: Extract<RunAnswer, { outcome: "choose" | "refused" }>): string {
  if (answer.outcome === "refused") {
    return ["⛔ Not asked for:", ...reasonLines(answer.reasons)].join("\n");
  }
  const { runbookId, actions } = answer;
  return [
    `${oneLine(runbookId, 80)} has several actions; name one:`,
    ...actions.map(({ id, title, risk, params }) => {
      const needs = params.length === 0 ? "" : `; ${params.join("; ")}`;
      return `• \`${oneLine(id, 60)}\` ${oneLine(title, 80)} (${risk}${oneLine(needs, 200)})`;
    }),
  ].join("\n");
}
