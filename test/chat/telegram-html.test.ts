import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { IncidentView } from "../../src/chat/card.ts";
import { cardOf } from "../../src/chat/card.ts";
import { commandText } from "../../src/chat/command-text.ts";
import { renderTelegram, renderTelegramText } from "../../src/chat/telegram-html.ts";
import { hostileText, hostileView, hostileWords, viewOfCommand } from "../fakes/hostile.ts";
import { aView, NOW } from "../fakes/incidents.ts";
import { automaticEntities, parseHtml } from "../fakes/telegram-entities.ts";

// Labels of 10 KB take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const context = { now: NOW, publicUrl: "https://countersign.example.org", autohealing: false };
const render = (view: IncidentView) => renderTelegram(cardOf(view, context));

describe("T61 whatever stands in an alert", () => {
  it("comes out as HTML that Telegram reads, within its limit", () => {
    fc.assert(
      fc.property(hostileWords, (words) => {
        const { html, plain } = render(hostileView(words));
        const { text } = parseHtml(html);

        expect(text).toBe(plain);
        expect(text.length).toBeLessThanOrEqual(4096);
        expect(/\p{Surrogate}/u.test(text)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it("never becomes a link, a mention or a command that can be tapped", () => {
    fc.assert(
      fc.property(hostileWords, (words) => {
        const parsed = parseHtml(render(hostileView(words)).html);
        const links = parsed.entities.filter(({ type }) => type === "text_link");

        expect(automaticEntities(parsed)).toEqual([]);
        expect(links.every(({ url }) => url?.startsWith(context.publicUrl))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("is as harmless in the answer to a command", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(automaticEntities(parseHtml(renderTelegramText(text)))).toEqual([]);
      }),
    );
  });
});

describe("T64 a command", () => {
  const withArgument = (length: number): IncidentView => ({
    ...viewOfCommand(["/usr/bin/x", `${"y".repeat(length)}END`]),
    evidence: Array.from({ length: 20 }, (_, n) => ({
      id: `E${n + 1}`,
      kind: "promql" as const,
      title: "Load",
      text: "z".repeat(300),
      collectedAt: NOW,
      status: "found" as const,
    })),
  });

  it("is shown to its last character while evidence gives way", () => {
    const { plain, card } = render(withArgument(3000));

    expect(plain).toContain("yEND");
    expect(plain).toMatch(/… \d+ more here/);
    expect(card.buttons.map(({ verb }) => verb)).toEqual(["approve", "reject"]);
  });

  it("is shown in full or can't be approved, whatever its arguments are", () => {
    fc.assert(
      fc.property(hostileWords, (words) => {
        const argv = ["/bin/x", ...words] as const;
        const { html, card } = render(viewOfCommand(argv));
        const { text, entities } = parseHtml(html);
        const shown = entities
          .filter(({ type }) => type === "pre")
          .map(({ offset, length }) => text.slice(offset, offset + length));
        const isWhole = shown.includes(commandText({ kind: "argv", argv, directory: "/" }));

        expect(card.buttons.some(({ verb }) => verb === "approve")).toBe(isWhole);
        expect(shown).toHaveLength(isWhole ? 1 : 0);
      }),
    );
  });

  it("that does not fit is left out whole, and nobody can approve it in the chat", () => {
    const { plain, card } = render(withArgument(5000));

    expect(plain).not.toContain("yyy");
    expect(plain).toContain("open the console to read and approve it");
    expect(plain).toContain("E1 Load: zzz");
    expect(card.buttons.map(({ verb }) => verb)).toEqual(["reject"]);
  });
});

it("shows an address of this machine as text to copy, because Telegram makes no link of it", () => {
  const local = { ...context, publicUrl: "http://127.0.0.1:9095" };
  const { html } = renderTelegram(cardOf(aView(), local));

  expect(html).toContain("<code>http://127.0.0.1:9095/incidents/inc_1a2b3c4d5e6f</code>");
});

it("puts an opinion into a quote, apart from the facts", () => {
  const diagnosis = { by: "rules", cause: "Disk <full>", confidence: "low", cites: [] } as const;

  expect(render(aView({ diagnosis })).html).toContain(
    "<blockquote expandable>Disk &lt;full&gt;</blockquote>",
  );
});
