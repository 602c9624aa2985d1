import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { IncidentView } from "../../src/chat/card.ts";
import { cardOf } from "../../src/chat/card.ts";
import { renderTelegram, renderTelegramText } from "../../src/chat/telegram-html.ts";
import { anAlert, anExecution, aRequest, aView, aVote, NOW } from "../fakes/incidents.ts";
import { automaticEntities, parseHtml } from "../fakes/telegram-entities.ts";

const context = { now: NOW, publicUrl: "https://countersign.example.org", autohealing: false };
const render = (view: IncidentView) => renderTelegram(cardOf(view, context));

/** Whole and half characters, and everything that a client or a parser may take for its own. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
  fc
    .array(
      fc.constantFrom(
        "<b>",
        "</b>",
        '<a href="tg://user?id=1">',
        "&amp;",
        "&#1;",
        "&",
        "<",
        ">",
        '"',
        "`",
        "@admin",
        "#tag",
        "$USD",
        "/approve",
        "http://evil.example",
        "evil.com",
        "tg://resolve",
        "a@b.example",
        "10.0.0.1",
        "+491234567890",
        "\u202e",
        "\u200b",
        "\ud83d",
        "😀",
        "\n",
        " ",
        "x",
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join("")),
);

function withWords(words: readonly string[]): IncidentView {
  const word = (n: number) => words[n % words.length] ?? "";
  const asked = aRequest({ risk: "high", quorum: 2, requester: word(9) });
  const request: PlannedRequest = {
    ...asked,
    proposal: { ...asked.proposal, actionTitle: word(1), runbookId: word(2) },
    plan: {
      ...asked.plan,
      target: { name: word(3), host: word(4) },
      command: { kind: "argv", argv: ["/bin/x", word(5)], directory: word(6) },
    },
    reasons: words.map((text) => ({ rule: "r", text })),
    votes: [aVote({ person: word(7), reason: word(8) })],
  };
  const evidence = words.map((text, n) => ({
    id: `E${n + 1}`,
    kind: "logql" as const,
    title: text,
    text: text.repeat(4),
    collectedAt: NOW,
    status: "found" as const,
  }));
  return aView(
    {
      requests: [request, { ...request, id: "req_2", episodeId: 2, state: "failed" }],
      executions: [anExecution({ requestId: "req_2", output: word(2).repeat(50), exitCode: 1 })],
      evidence: [...evidence, ...evidence, ...evidence],
      diagnosis: { by: "rules", cause: word(3).repeat(5), confidence: "low", cites: ["E1"] },
    },
    {
      title: word(4),
      alerts: [
        anAlert({
          labels: { alertname: word(5), severity: word(6), instance: word(7), [word(8)]: word(9) },
          annotations: { summary: word(1), description: word(2).repeat(20) },
        }),
        anAlert({ id: 2, labels: { alertname: word(3) } }),
      ],
    },
  );
}

describe("T61 whatever stands in an alert", () => {
  it("comes out as HTML that Telegram reads, within its limit", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 12 }), (words) => {
        const { html, plain } = render(withWords(words));
        const { text } = parseHtml(html);

        expect(text).toBe(plain);
        expect(text.length).toBeLessThanOrEqual(4096);
        expect(/\p{Surrogate}/u.test(text)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("never becomes a link, a mention or a command that can be tapped", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 12 }), (words) => {
        const parsed = parseHtml(render(withWords(words)).html);
        const links = parsed.entities.filter(({ type }) => type === "text_link");

        expect(automaticEntities(parsed)).toEqual([]);
        expect(links.every(({ url }) => url?.startsWith(context.publicUrl))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("is as harmless in the answer to a command", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(automaticEntities(parseHtml(renderTelegramText(text)))).toEqual([]);
      }),
    );
  });
});

describe("T64 a command", () => {
  const withArgument = (length: number) => {
    const request = aRequest();
    const argv = ["/usr/bin/x", `${"y".repeat(length)}END`] as const;
    return aView({
      requests: [
        { ...request, plan: { ...request.plan, command: { kind: "argv", argv, directory: "/" } } },
      ],
      evidence: Array.from({ length: 20 }, (_, n) => ({
        id: `E${n + 1}`,
        kind: "promql" as const,
        title: "Load",
        text: "z".repeat(300),
        collectedAt: NOW,
        status: "found" as const,
      })),
    });
  };

  it("is shown to its last character while evidence gives way", () => {
    const { plain, card } = render(withArgument(3000));

    expect(plain).toContain("yEND");
    expect(plain).toMatch(/… \d+ more here/);
    expect(card.buttons.map(({ verb }) => verb)).toEqual(["approve", "reject"]);
  });

  it("that does not fit is left out whole, and nobody can approve it in the chat", () => {
    const { plain, card } = render(withArgument(5000));

    expect(plain).not.toContain("yyy");
    expect(plain).toContain("open the console to read and approve it");
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
