import { z } from "zod";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, Duration, listed, PlanCode, pairsIn } from "./command.ts";
import type { UnaskedAction } from "./desk.ts";
import { oneLine, plural } from "./text.ts";
import { autohealingText, editText, rulingText } from "./wording.ts";

const CONFIRM_WITHIN_MS = 60_000;
const ACTIONS_SHOWN = 40;

const Decision = z
  .object({ words: z.tuple([PlanCode], z.string()) })
  .transform(({ words: [planCode, ...reason] }) => ({
    planCode,
    reason: oneLine(reason.join(" "), 500) || null,
  }));
const Disable = z
  .object({
    words: z.tuple([Duration.nullable().default(null)]),
    flags: z.object({ all: z.literal(true).optional() }),
  })
  .transform(({ words, flags }) => ({ forMs: words[0], all: flags.all === true }));

const Edit = z
  .object({ words: z.tuple([PlanCode], z.string()) })
  .transform(({ words: [planCode, ...rest] }, context) => {
    const { pairs, plain, flaw: wrong } = pairsIn(rest);
    const [odd] = plain;
    const none = pairs.length === 0 ? "name what is to change: key=value" : null;
    const flaw =
      odd === undefined
        ? (wrong ?? none)
        : `"${oneLine(odd, 40)}" is not key=value; a value has no spaces`;
    if (flaw === null) return { planCode, params: Object.fromEntries(pairs) };
    context.addIssue({ code: "custom", message: flaw });
    return z.NEVER;
  });

/** What changes something; the desk rules on each. */
export function decisionCommands({ desk, timeZone = "UTC" }: CommandDeps): ListedCommand[] {
  function deciding(decision: "approve" | "reject") {
    return async (
      { person, channel, signedIn }: CommandContext,
      { planCode, reason }: { planCode: string; reason: string | null },
    ): Promise<Reply> => {
      if (!person) return nobody();
      const ruling = await desk.decide({
        planCode,
        requestId: null,
        decision,
        person,
        channel,
        reason,
        via: "typed",
        signedIn,
      });
      return { text: rulingText(ruling, channel) };
    };
  }

  async function edit(
    { person, channel }: CommandContext,
    wanted: z.output<typeof Edit>,
  ): Promise<Reply> {
    if (!person) return nobody();
    const answer = await desk.edit({ ...wanted, requestId: null, person, channel });
    return { text: editText(answer, channel) };
  }

  async function enable({ person, channel, chatId, now }: CommandContext): Promise<Reply> {
    if (!person) return nobody();
    const actions = await desk.actionsThatWouldRun();
    const expiresAt = new Date(now.getTime() + CONFIRM_WITHIN_MS);
    const offer = { what: "enable_autohealing", person, channel, chat: chatId, expiresAt } as const;
    const token = await desk.offerConfirm(offer);
    return {
      text: [
        actions.length === 0
          ? "With auto-healing on, no action would run unasked now: no runbook declares one low risk."
          : `With auto-healing on, ${plural(actions.length, "action")} would run unasked:`,
        ...actionLines(actions),
        "What is pending still asks. Confirm within 60 seconds.",
      ].join("\n"),
      buttons: [{ label: "Turn auto-healing on", style: "danger", verb: "confirm", token }],
    };
  }

  async function disable(
    { person, channel }: CommandContext,
    { forMs, all }: { forMs: number | null; all: boolean },
  ): Promise<Reply> {
    if (!person) return nobody();
    const { autohealing, stopped } = await desk.setAutohealing({
      isOn: false,
      person,
      channel,
      forMs,
      all,
    });
    const effect = stopped > 0 ? ` ${plural(stopped, "request")} stopped.` : "";
    return { text: `🛑 ${autohealingText(autohealing, timeZone)}${effect}` };
  }

  return [
    listed({
      name: "approve",
      usage: "/approve <plan code> [reason]",
      summary: "let it run",
      role: "approver",
      args: Decision,
      run: deciding("approve"),
    }),
    listed({
      name: "reject",
      usage: "/reject <plan code> [reason]",
      summary: "end it; one is enough",
      role: "approver",
      args: Decision,
      run: deciding("reject"),
    }),
    listed({
      name: "edit",
      usage: "/edit <plan code> key=value…",
      summary: "change values before anybody approves; it is your request then",
      role: "approver",
      args: Edit,
      run: edit,
    }),
    listed({
      name: "enable_autohealing",
      usage: "/enable_autohealing",
      summary: "let low risk run by itself",
      role: "operator",
      args: AnyWords,
      run: enable,
    }),
    listed({
      name: "disable_autohealing",
      usage: "/disable_autohealing [duration] [--all]",
      summary: "nothing runs unasked from now on",
      role: "viewer",
      args: Disable,
      run: disable,
    }),
  ];
}

function actionLines(actions: readonly UnaskedAction[]): string[] {
  const shown = actions
    .slice(0, ACTIONS_SHOWN)
    .map(
      ({ runbookId, actionId, title, targets }) =>
        `• ${oneLine(runbookId, 60)} / ${oneLine(actionId, 60)}: ${oneLine(title, 80)} (on ${oneLine(targets, 100)})`,
    );
  const left = actions.length - shown.length;
  return left > 0 ? [...shown, `… ${left} more: the console lists them all.`] : shown;
}

function nobody(): Reply {
  return { text: "You have no role here.", isPrivate: true };
}
