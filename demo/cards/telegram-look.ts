import type { Card } from "../../src/chat/card.ts";
import { renderTelegram } from "../../src/chat/telegram-html.ts";
import { parseHtml } from "../../test/fakes/telegram-entities.ts";
import { escaped } from "./page.ts";

/** A message as Telegram's phone clients show it, from the HTML that Telegram gets. */
export function telegramLook(card: Card, theme: "light" | "dark"): string {
  const rendered = renderTelegram(card);
  // Telegram's HTML is a subset of the web's; what Telegram would refuse is refused here.
  parseHtml(rendered.html);
  const rows = [...new Set(rendered.card.buttons.map(({ requestId }) => requestId))].map((id) =>
    rendered.card.buttons
      .filter(({ requestId }) => requestId === id)
      .map(({ label, style }) => `<span class="key ${style}">${escaped(label)}</span>`)
      .join(""),
  );
  return `<div class="telegram ${theme}"><div class="bubble"><b class="bot">Countersign</b>
<div class="words">${rendered.html}</div><span class="time">10:35</span></div>
${rows.map((row) => `<div class="keys">${row}</div>`).join("")}</div>`;
}

export const TELEGRAM_STYLE = `
.telegram { width: 360px; padding: 8px; font: 15px/1.32 "Roboto", "DejaVu Sans", "Noto Color Emoji", sans-serif; }
.telegram.light { background: #cfdcc6; color: #000; --bubble: #fff; --name: #3a7ab8; --fixed: #31648f; --quiet: #8a939b; --line: #3a7ab8; --tint: #eaf2f9; --key: #7f9a74; }
.telegram.dark { background: #0e1621; color: #f2f5f7; --bubble: #182533; --name: #6ab3f3; --fixed: #86bff0; --quiet: #6d7f8f; --line: #6ab3f3; --tint: #1e3146; --key: #2b3b4c; }
.telegram .bubble { background: var(--bubble); border-radius: 14px 14px 14px 4px; padding: 7px 11px; }
.telegram .bot { color: var(--name); font-size: 14px; }
.telegram .words { white-space: pre-wrap; overflow-wrap: anywhere; }
.telegram a { color: var(--name); text-decoration: none; }
.telegram code, .telegram pre { font: 13px/1.35 "Roboto Mono", "DejaVu Sans Mono", monospace; color: var(--fixed); white-space: pre-wrap; overflow-wrap: anywhere; }
.telegram pre, .telegram blockquote { display: inline-block; box-sizing: border-box; width: 100%; margin: 2px 0; padding: 5px 8px; background: var(--tint); border-left: 3px solid var(--line); border-radius: 4px; vertical-align: top; }
.telegram .time { display: block; text-align: right; color: var(--quiet); font-size: 12px; }
.telegram .keys { display: flex; gap: 4px; margin-top: 4px; }
.telegram .key { flex: 1; border-radius: 8px; padding: 9px 4px; background: var(--key); color: #fff; text-align: center; font-size: 14px; font-weight: bold; }
.telegram .key.success { background: #3f9a54; } .telegram .key.danger { background: #c9463d; }
`;
