import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { IncidentView } from "../../src/chat/card.ts";
import { cardOf } from "../../src/chat/card.ts";
import type { ButtonTokens } from "../../src/chat/channel.ts";
import { commandText } from "../../src/chat/command-text.ts";
import { escapeMrkdwn, slackCard, slackReply } from "../../src/chat/slack-blocks.ts";
import { hostileText, hostileView, hostileWords, viewOfCommand } from "../fakes/hostile.ts";
import { anAlert, aRequest, aView, NOW } from "../fakes/incidents.ts";
import {
  buttonsOf,
  checkMessage,
  linksOf,
  preformattedOf,
  visibleOf,
} from "../fakes/slack-block-kit.ts";
import { automaticEntities } from "../fakes/telegram-entities.ts";

// Labels of 10 KB take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const context = { now: NOW, publicUrl: "https://countersign.example.org", autohealing: false };
const APPROVE = "A".repeat(22);
const REJECT = "R".repeat(22);
const TOKENS: ButtonTokens = {
  req_1: { approve: APPROVE, reject: REJECT },
  req_2: { approve: "B".repeat(22), reject: "S".repeat(22) },
};
const render = (view: IncidentView) => slackCard(cardOf(view, context), TOKENS);

/** Names, links and emoji that a client would make of words; fixed width is spared. */
function madeOf(parts: readonly { readonly text: string; readonly isCode: boolean }[]): unknown[] {
  const prose = parts.map(({ text, isCode }) => (isCode ? "\u2060" : text)).join("");
  const emoji = prose.match(/:[a-z0-9_+-]+:/g) ?? [];
  return [...automaticEntities({ text: prose, entities: [] }), ...emoji];
}

/** What Slack would read as a mention or a link in a text that it parses. */
function markupIn(text: string): string[] {
  return text.match(/<[^>]*>|&(?!amp;|lt;|gt;)/g) ?? [];
}

describe("T62 whatever stands in an alert", () => {
  it("comes out as blocks that Slack takes, within its limits", () => {
    fc.assert(
      fc.property(hostileWords, (words) => {
        const message = render(hostileView(words));

        expect(() => checkMessage(message)).not.toThrow();
        expect(message.text.length).toBeLessThanOrEqual(4000);
      }),
      { numRuns: 50 },
    );
  });

  it("mentions nobody and links nowhere", () => {
    fc.assert(
      fc.property(hostileWords, (words) => {
        const { text, blocks } = render(hostileView(words));

        expect(madeOf(visibleOf(blocks))).toEqual([]);
        expect(linksOf(blocks).every((url) => url.startsWith(context.publicUrl))).toBe(true);
        expect(markupIn(text)).toEqual([]);
        expect(madeOf([{ text, isCode: false }])).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it("is as harmless in the answer to a command", () => {
    fc.assert(
      fc.property(hostileText, (words) => {
        const { text, blocks } = slackReply({ text: `x${words}` });

        expect(() => checkMessage({ text, blocks })).not.toThrow();
        expect(markupIn(text)).toEqual([]);
        expect([...madeOf(visibleOf(blocks)), ...linksOf(blocks)]).toEqual([]);
      }),
    );
  });

  it.each([
    "<!channel>",
    "<!here|here>",
    "<@U012AB3CD>",
    "<#C012AB3CD>",
    "<https://evil.example|x>",
  ])("shows %s as it was written", (mention) => {
    const alert = anAlert({ annotations: { summary: mention } });
    const { text, blocks } = render(aView({}, { title: mention, alerts: [alert] }));
    const read = visibleOf(blocks)
      .map((part) => part.text)
      .join("")
      .replaceAll("\u2060", "");

    expect(read).toContain(`Prometheus Alert: ${mention}`);
    expect(read).toContain(`Summary: ${mention}`);
    expect(markupIn(text)).toEqual([]);
    expect(escapeMrkdwn(mention)).not.toMatch(/[<>]/);
  });
});

describe("T64 a command", () => {
  it("is shown in full or can't be approved, whatever its arguments are", () => {
    fc.assert(
      fc.property(hostileWords, (words) => {
        const argv = ["/bin/x", ...words] as const;
        const { blocks } = render(viewOfCommand(argv));
        const command = commandText({ kind: "argv", argv, directory: "/" });
        const isWhole = preformattedOf(blocks).includes(command);

        expect(buttonsOf(blocks).some(({ action_id }) => action_id === "approve")).toBe(isWhole);
        expect(preformattedOf(blocks)).toHaveLength(isWhole ? 1 : 0);
      }),
    );
  });

  it("of 2900 characters is shown to its last one, and leaves the evidence its place", () => {
    const view = viewOfCommand(["/usr/bin/x", `${"y".repeat(2900)}END`]);
    const { blocks } = render(view);

    expect(preformattedOf(blocks)[0]).toMatch(/yEND$/);
    expect(buttonsOf(blocks)).toHaveLength(2);
  });

  it("of 3001 characters is left out whole, and nobody can approve it in the chat", () => {
    const { text, blocks } = render(viewOfCommand(["/usr/bin/x", "y".repeat(3001)]));
    const read = visibleOf(blocks)
      .map((part) => part.text)
      .join("");

    expect(`${text}${read}`).not.toContain("yyy");
    expect(read).toContain("open the console to read and approve it");
    expect(buttonsOf(blocks).map(({ action_id }) => action_id)).toEqual(["reject"]);
    expect(linksOf(blocks)).toHaveLength(1);
  });
});

describe("buttons", () => {
  const shown = (view: IncidentView) => buttonsOf(render(view).blocks);

  it("carry a token and nothing else of the decision", () => {
    const buttons = shown(aView({ requests: [aRequest()] }));

    expect(buttons.map(({ action_id, value, style }) => [action_id, value, style])).toEqual([
      ["approve", `a:${APPROVE}`, "primary"],
      ["reject", `r:${REJECT}`, "danger"],
    ]);
    expect(JSON.stringify(buttons)).not.toContain("req_1");
  });

  it.each([
    ["low", "primary", false],
    ["medium", "primary", true],
    ["high", "danger", false],
  ] as const)("ask once more at %s risk: %s, %s", (risk, style, asks) => {
    const [approve, reject] = shown(aView({ requests: [aRequest({ risk })] }));

    expect(approve?.style).toBe(style);
    expect(approve?.confirm !== undefined).toBe(asks);
    expect(reject?.confirm).toBeUndefined();
  });

  it("say in the question what would run", () => {
    const [approve] = shown(aView({ requests: [aRequest()] }));

    expect(approve?.confirm?.text.text.replaceAll("\u2060", "")).toBe(
      "Suggested Fix: Identify and stop the busiest process (plan 9f3a1c22)\n🟡 Risk Level: MEDIUM",
    );
  });

  it("of several requests stand in rows of their own, with their plan codes", () => {
    const second = aRequest({ id: "req_2", episodeId: 2, planCode: "00000002" });
    const { blocks } = render(aView({ requests: [aRequest(), second] }));

    expect(blocks.filter(({ type }) => type === "actions")).toHaveLength(2);
    expect(buttonsOf(blocks).map(({ text }) => text.text)).toEqual([
      "✅ Approve 9f3a1c22",
      "❌ Reject 9f3a1c22",
      "✅ Approve 00000002",
      "❌ Reject 00000002",
    ]);
  });

  it("without a token are not shown", () => {
    const card = cardOf(aView({ requests: [aRequest()] }), context);

    expect(buttonsOf(slackCard(card, {}).blocks)).toEqual([]);
  });
});

it("starts its text with the line a phone shows, and says the rest to a screen reader", () => {
  const { text } = render(aView({ requests: [aRequest()] }));
  const [first, ...rest] = text.replaceAll("\u2060", "").split("\n");

  expect(first).toBe("⚠️ Action Approval Required: HighCPU on 192.168.1.101");
  expect(rest.join("\n")).toContain("/usr/bin/systemctl stop 'batch job'");
});

it("says what to send as Slack takes it, and changes no path that only looks like it", () => {
  const high = render(aView({ requests: [aRequest({ risk: "high" })] }));
  const { blocks } = slackReply({ text: "Try `/countersign pending`, not `/usr/bin/help`." });
  const read = visibleOf(blocks).map(({ text }) => text.replaceAll("\u2060", ""));

  expect(visibleOf(high.blocks)).toContainEqual({
    text: "/countersign approve 9f3a1c22 <reason>",
    isCode: true,
  });
  expect(high.text.replaceAll("\u2060", "")).toContain("/countersign approve 9f3a1c22 &lt;reason");
  expect(read.join("")).toBe("Try /countersign pending, not /usr/bin/help.\n");
});

it("puts an opinion into a quote, apart from the facts", () => {
  const diagnosis = { by: "rules", cause: "Disk full", confidence: "low", cites: [] } as const;

  expect(JSON.stringify(render(aView({ diagnosis })).blocks)).toContain(
    '{"type":"rich_text_quote","elements":[{"type":"text","text":"Disk full"}]}',
  );
});

it("cuts a long answer and says where the rest is", () => {
  const message = slackReply({
    text: Array.from({ length: 2000 }, (_, n) => `line ${n}`).join("\n"),
  });
  const read = visibleOf(message.blocks).map(({ text }) => text);

  checkMessage(message);
  expect(read.join("")).toMatch(/line \d+\n… more in the console\n$/);
});
