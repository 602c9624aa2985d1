import { expect, it } from "vitest";
import { reportCardOf } from "../../src/chat/report-card.ts";
import { slackCard } from "../../src/chat/slack-blocks.ts";
import { renderTelegram } from "../../src/chat/telegram-html.ts";
import { PERIOD_MS } from "../../src/incident/report.ts";
import { aReport } from "../fakes/reports.ts";
import { checkMessage, linksOf } from "../fakes/slack-block-kit.ts";
import { automaticEntities, parseHtml } from "../fakes/telegram-entities.ts";

const publicUrl = "https://c.example";

it("says every number against the time before", () => {
  const report = aReport(PERIOD_MS.week, { costUsd: 0.5 });

  const { html, card } = renderTelegram(reportCardOf(report, { publicUrl }));

  expect(card.headline).toBe("📊 Last 7 d: 12 incidents, 7 fixed");
  for (const line of [
    "12 (9) came, 11 (9) are over, 1 (0) still open",
    "Fixed unasked 5 (3), on approval 2 (1)",
    "Of what ran: 7 (4) helped, 1 (0) did not, 0 (0) failed or are not clear",
    "To recover: 3 min in half of 11 cases (none)",
    "The model cost $0.50 ($0.00)",
    "HighCPU: 6 (2)",
  ]) {
    expect(parseHtml(html).text.replaceAll("\u2060", "")).toContain(line);
  }
});

it("T61 T62 an alert's name in a report is text, however long and whatever is in it", () => {
  const title = `<b>@everyone</b> https://evil.example <!channel> ${"x".repeat(5000)}`;
  const report = {
    ...aReport(PERIOD_MS.month),
    noisiest: Array.from({ length: 10 }, () => ({ title, count: 1, before: 0 })),
  };
  const card = reportCardOf(report, { publicUrl });

  const slack = slackCard(card, {});
  const telegram = parseHtml(renderTelegram(card).html);

  checkMessage(slack);
  expect(linksOf(slack.blocks)).toEqual([`${publicUrl}/statistics`]);
  expect(automaticEntities(telegram)).toEqual([]);
  expect(card.headline.length).toBeLessThanOrEqual(60);
});
