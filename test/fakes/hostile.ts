import fc from "fast-check";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { IncidentView } from "../../src/chat/card.ts";
import { anAlert, anExecution, aRequest, aView, aVote, NOW } from "./incidents.ts";

const SNIPPETS = [
  "<b>",
  "</b>",
  '<a href="tg://user?id=1">',
  "<!channel>",
  "<!here|here>",
  "<@U012AB3CD>",
  "<#C012AB3CD>",
  "<!subteam^S012AB3CD>",
  "<https://evil.example|Open in the console>",
  "[x](https://evil.example)",
  "@channel",
  "@here",
  ":white_check_mark:",
  "*bold*",
  "```",
  "&amp;",
  "&lt;!channel&gt;",
  "&#1;",
  "&",
  "<",
  ">",
  '"',
  "'",
  "\\",
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
  "\u2066",
  "\u200b",
  "\u200d",
  "\ufe0f",
  "\u3164",
  "\u0301",
  "\u05d0",
  "\ud83d",
  "😀",
  "\0",
  "\u001b[31m",
  "\n",
  " ",
  "x",
] as const;

/** Whole and half characters, and everything that a client or a parser may take for its own. */
export const hostileText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
  fc.array(fc.constantFrom(...SNIPPETS), { maxLength: 60 }).map((parts) => parts.join("")),
);

/** A label of 10 KB. */
const longText = fc
  .constantFrom(...SNIPPETS)
  .map((part) => part.repeat(Math.ceil(10_240 / part.length)));

export const hostileWords = fc.array(
  fc.oneof({ weight: 9, arbitrary: hostileText }, { weight: 1, arbitrary: longText }),
  { minLength: 1, maxLength: 12 },
);

/** An incident with these words everywhere that words from outside can stand. */
export function hostileView(words: readonly string[]): IncidentView {
  const word = (n: number) => words[n % words.length] ?? "";
  const asked = aRequest({ risk: "high", quorum: 2, requester: word(9), words: word(10) });
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
    text: text.slice(0, 2000).repeat(4),
    collectedAt: NOW,
    status: "found" as const,
  }));
  return aView(
    {
      requests: [request, { ...request, id: "req_2", episodeId: 2, state: "failed" }],
      executions: [
        anExecution({ requestId: "req_2", output: word(2).slice(0, 500).repeat(50), exitCode: 1 }),
      ],
      evidence: [...evidence, ...evidence, ...evidence],
      diagnosis: {
        by: "rules",
        cause: word(3).slice(0, 2000).repeat(5),
        confidence: "low",
        cites: ["E1"],
      },
    },
    {
      title: word(4),
      alerts: [
        anAlert({
          labels: { alertname: word(5), severity: word(6), instance: word(7), [word(8)]: word(9) },
          annotations: { summary: word(1), description: word(2).slice(0, 500).repeat(20) },
        }),
        anAlert({ id: 2, labels: { alertname: word(3) } }),
      ],
    },
  );
}

/** A request for exactly this command. */
export function viewOfCommand(argv: readonly string[]): IncidentView {
  const request = aRequest();
  const [program = "/bin/x", ...rest] = argv;
  const command = { kind: "argv", argv: [program, ...rest], directory: "/" } as const;
  return aView({ requests: [{ ...request, plan: { ...request.plan, command } }] });
}
