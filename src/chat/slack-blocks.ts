import type { types } from "@slack/bolt";
import type { Risk } from "../remediation/proposal.ts";
import type { Card, CardButton, Section } from "./card.ts";
import type { ButtonTokens } from "./channel.ts";
import type { Reply, ReplyButton } from "./command.ts";
import { cardText } from "./plain.ts";
import { buttonData } from "./press.ts";
import { backtickSpans, paragraph, richText, sectionRichText } from "./slack-rich-text.ts";
import { clean, cut, inert } from "./text.ts";
import { cutToFit, trimCard, withoutLongCommands } from "./trim.ts";

/** Slack's published limits, in UTF-16 units. */
export const SLACK_LIMITS = {
  header: 150,
  text: 3000,
  button: 75,
  confirmText: 300,
  fallback: 4000,
} as const;

/**
 * Slack also limits a message's blocks as a whole, and publishes neither the number nor how it counts: it was seen to
 * refuse somewhat above 13,000, counting structure as well. What is longer than this nobody reads on a phone.
 */
export const SLACK_BLOCKS_LIMIT = 9000;

const COUNTED_PER_BLOCK = 125;

export interface SlackMessage {
  /** For notifications and screen readers: the first line alone makes sense. */
  readonly text: string;
  readonly blocks: types.KnownBlock[];
}

/** The card as it fits Slack; what it leaves out can't be approved there. */
export function slackCard(card: Card, tokens: ButtonTokens): SlackMessage {
  const fitted = trimCard(
    withoutLongCommands(card, SLACK_LIMITS.text),
    SLACK_BLOCKS_LIMIT,
    (each) => blocksLength(blocksOf(each, tokens)),
  );
  return { text: fallbackOf(fitted), blocks: blocksOf(fitted, tokens) };
}

/** A plain answer; what stands in backticks becomes code. */
export function slackReply({ text, buttons = [] }: Reply): SlackMessage {
  const whole = clean(text);
  const keyboard: types.ActionsBlock[] =
    buttons.length === 0 ? [] : [{ type: "actions", elements: buttons.map(replyButton) }];
  const blocks = (words: string) => [...richText([paragraph(backtickSpans(words))]), ...keyboard];
  const shown = cutToFit(whole, (each) => blocksLength(blocks(each)) <= SLACK_BLOCKS_LIMIT);
  return { text: escapeMrkdwn(cut(whole, 1500)), blocks: blocks(shown) };
}

/** For the few texts that Slack parses: nothing in them is markup, a mention or a link. */
export function escapeMrkdwn(text: string): string {
  return inert(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** How long Slack may find the blocks: written as JSON in ASCII. */
export function blocksLength(blocks: readonly types.KnownBlock[]): number {
  const json = JSON.stringify(blocks);
  const wide = json.match(/[^\x20-\x7e]/g)?.length ?? 0;
  return json.length + 5 * wide + COUNTED_PER_BLOCK * blocks.length;
}

function blocksOf(card: Card, tokens: ButtonTokens): types.KnownBlock[] {
  const last = card.sections.filter(({ kind }) => kind === "links");
  const others = card.sections.filter(({ kind }) => kind !== "links");
  return [
    { type: "header", text: plain(cut(inert(card.headline), SLACK_LIMITS.header)) },
    ...others.flatMap(sectionBlocks),
    ...actionBlocks(card, tokens),
    ...last.flatMap(sectionBlocks),
  ];
}

function sectionBlocks(section: Section): types.KnownBlock[] {
  if (section.kind !== "state") return sectionRichText(section);
  const words = section.lines.flatMap((line) => ("text" in line ? [line.text] : [])).join("\n");
  return [{ type: "context", elements: [plain(cut(inert(words), SLACK_LIMITS.text))] }];
}

/** A row for each request, so that its buttons stay together. */
function actionBlocks(card: Card, tokens: ButtonTokens): types.ActionsBlock[] {
  const requestIds = [...new Set(card.buttons.map(({ requestId }) => requestId))];
  return requestIds.flatMap((id): types.ActionsBlock[] => {
    const buttons = card.buttons.filter(({ requestId }) => requestId === id);
    const elements = [
      ...buttons.flatMap((button) => cardButton(card, button, tokens)),
      ...buttons.flatMap((button) => editButton(button, tokens)),
    ];
    return elements.length === 0 ? [] : [{ type: "actions", elements }];
  });
}

function cardButton(card: Card, button: CardButton, tokens: ButtonTokens): types.Button[] {
  const { requestId, verb, label, style, risk } = button;
  const token = tokens[requestId]?.[verb];
  if (!token) return [];
  const asks = verb === "approve" && ASKS_AGAIN[risk];
  return [
    {
      type: "button",
      text: plain(cut(label, SLACK_LIMITS.button)),
      style: style === "success" ? "primary" : "danger",
      action_id: verb,
      value: buttonData(verb, token),
      ...(asks ? { confirm: confirmOf(card, requestId) } : {}),
    },
  ];
}

function editButton({ requestId, editLabel }: CardButton, tokens: ButtonTokens): types.Button[] {
  const token = tokens[requestId]?.approve;
  if (editLabel === undefined || !token) return [];
  const text = plain(cut(editLabel, SLACK_LIMITS.button));
  return [{ type: "button", text, action_id: "edit", value: buttonData("edit", token) }];
}

/** A high risk opens a form instead, in which the plan code is typed. */
const ASKS_AGAIN: Record<Risk, boolean> = { low: false, medium: true, high: false };

function confirmOf({ sections }: Card, requestId: string): types.ConfirmationDialog {
  const about = sections.filter((section) => section.requestId === requestId);
  const words = about.flatMap(({ heading }) => (heading === null ? [] : [heading])).join("\n");
  return {
    title: plain("Let this run?"),
    text: plain(cut(inert(words), SLACK_LIMITS.confirmText) || "As the card shows it."),
    confirm: plain("Approve"),
    deny: plain("Back"),
    style: "primary",
  };
}

function replyButton({ label, style, verb, token }: ReplyButton): types.Button {
  return {
    type: "button",
    text: plain(cut(label, SLACK_LIMITS.button)),
    style: style === "success" ? "primary" : "danger",
    action_id: verb,
    value: buttonData(verb, token),
  };
}

function plain(text: string): types.PlainTextElement {
  return { type: "plain_text", text, emoji: true };
}

/** All of the card where it fits: a command is never cut, not even here. */
function fallbackOf(card: Card): string {
  const whole = escapeMrkdwn(cardText(card, "slack"));
  return whole.length <= SLACK_LIMITS.fallback ? whole : escapeMrkdwn(card.headline);
}
