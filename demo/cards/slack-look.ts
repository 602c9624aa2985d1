import type { types } from "@slack/bolt";
import type { Card } from "../../src/chat/card.ts";
import { slackCard } from "../../src/chat/slack-blocks.ts";
import { checkMessage } from "../../test/fakes/slack-block-kit.ts";
import { escaped } from "./page.ts";

const TOKEN = "A".repeat(22);

/** A message as Slack shows it, from the blocks that Slack gets. */
export function slackLook(card: Card): string {
  const ids = card.buttons.map(({ requestId }) => requestId);
  const tokens = Object.fromEntries(ids.map((id) => [id, { approve: TOKEN, reject: TOKEN }]));
  const message = slackCard(card, tokens);
  checkMessage(message);
  return `<div class="slack"><span class="face">✍️</span><div class="said">
<p class="by"><b>Countersign</b> <span class="app">APP</span> <span class="quiet">10:35 AM</span></p>
${message.blocks.map(blockHtml).join("\n")}</div></div>`;
}

export function slackFormLook(view: types.ModalView): string {
  const submit = view.submit
    ? `<span class="button primary">${escaped(view.submit.text)}</span>`
    : "";
  return `<div class="slack form"><h2>${escaped(view.title.text)}</h2>
${view.blocks.map((block) => blockHtml(block as types.KnownBlock)).join("\n")}
<p class="ends"><span class="button">${escaped(view.close?.text ?? "")}</span>${submit}</p></div>`;
}

function blockHtml(block: types.KnownBlock): string {
  switch (block.type) {
    case "header":
      return `<h2>${escaped(block.text.text)}</h2>`;
    case "context":
      return `<p class="quiet">${block.elements.map(contextHtml).join(" ")}</p>`;
    case "rich_text":
      return `<div class="rich">${block.elements.map(richHtml).join("")}</div>`;
    case "actions":
      return `<p>${block.elements.map(buttonHtml).join("")}</p>`;
    case "input":
      return inputHtml(block);
    default:
      throw new Error(`No card is made of ${block.type}`);
  }
}

function contextHtml(element: types.ContextBlockElement): string {
  return element.type === "plain_text" ? escaped(element.text) : "";
}

function richHtml(element: types.RichTextBlockElement): string {
  switch (element.type) {
    case "rich_text_section":
      return `<p>${element.elements.map(spanHtml).join("")}</p>`;
    case "rich_text_list":
      return `<ul>${element.elements.map((item) => `<li>${item.elements.map(spanHtml).join("")}</li>`).join("")}</ul>`;
    case "rich_text_quote":
      return `<blockquote>${element.elements.map(spanHtml).join("")}</blockquote>`;
    case "rich_text_preformatted":
      return `<pre>${element.elements.map(spanHtml).join("")}</pre>`;
  }
}

function spanHtml(span: types.RichTextElement): string {
  if (span.type === "link") return `<a href="${escaped(span.url)}">${escaped(span.text ?? "")}</a>`;
  if (span.type !== "text") throw new Error(`No card is made of ${span.type}`);
  if (span.style?.code) return `<code>${escaped(span.text)}</code>`;
  return span.style?.bold ? `<b>${escaped(span.text)}</b>` : escaped(span.text);
}

function buttonHtml(element: types.ActionsBlockElement): string {
  if (element.type !== "button") throw new Error(`No card has a ${element.type}`);
  return `<span class="button ${element.style ?? ""}">${escaped(element.text.text)}</span>`;
}

function inputHtml({ label, optional, element }: types.InputBlock): string {
  const isLong = element.type === "plain_text_input" && element.multiline === true;
  const note = optional ? ' <span class="quiet">(optional)</span>' : "";
  return `<p class="label"><b>${escaped(label.text)}</b>${note}<span class="field ${isLong ? "long" : ""}"></span></p>`;
}

export const SLACK_STYLE = `
.slack { display: flex; gap: 8px; width: 420px; padding: 10px; background: #fff; color: #1d1c1d; font: 15px/1.46 "Lato", "DejaVu Sans", "Noto Color Emoji", sans-serif; }
.slack .face { flex: none; width: 36px; height: 36px; border-radius: 4px; background: #e8e8e8; text-align: center; font-size: 20px; line-height: 36px; }
.slack .said { min-width: 0; flex: 1; }
.slack p { margin: 0 0 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.slack .by { margin: 0; } .slack .app { background: #e8e8e8; border-radius: 2px; padding: 0 3px; font-size: 10px; color: #616061; }
.slack .quiet { color: #616061; font-size: 12px; }
.slack h2 { margin: 4px 0 6px; font-size: 18px; line-height: 1.33; }
.slack .rich { margin-bottom: 10px; } .slack .rich p { margin: 0; }
.slack ul { margin: 0; padding-left: 22px; } .slack li { white-space: pre-wrap; overflow-wrap: anywhere; }
.slack pre, .slack code { font: 12px/1.5 "Monaco", "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; background: #f8f8f8; border: 1px solid #dcdcdc; border-radius: 3px; }
.slack pre { margin: 4px 0; padding: 8px; } .slack code { padding: 1px 3px; color: #c01343; }
.slack blockquote { margin: 2px 0; padding-left: 12px; border-left: 4px solid #ddd; white-space: pre-wrap; }
.slack a { color: #1264a3; text-decoration: none; }
.slack .button { display: inline-block; margin-right: 8px; padding: 5px 12px; border: 1px solid #c9c9c9; border-radius: 4px; font-weight: bold; font-size: 14px; }
.slack .button.primary { background: #007a5a; border-color: #007a5a; color: #fff; } .slack .button.danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
.slack.form { display: block; border: 1px solid #ddd; border-radius: 8px; } .slack .label { display: block; }
.slack .field { display: block; height: 32px; margin-top: 4px; border: 1px solid #868686; border-radius: 4px; } .slack .field.long { height: 72px; }
.slack .ends { text-align: right; }
`;
