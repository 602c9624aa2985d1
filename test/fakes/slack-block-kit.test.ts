import type { types } from "@slack/bolt";
import { expect, it } from "vitest";
import { checkMessage, checkModal, linksOf, preformattedOf, visibleOf } from "./slack-block-kit.ts";

const plain = (text: string) => ({ type: "plain_text" as const, text });
const header = (text: string): types.KnownBlock => ({ type: "header", text: plain(text) });
const rich = (...elements: types.RichTextBlockElement[]): types.KnownBlock => ({
  type: "rich_text",
  elements,
});
const words = (text: string): types.RichTextSection => ({
  type: "rich_text_section",
  elements: [{ type: "text", text }],
});
const button = (over: Partial<types.Button>): types.KnownBlock => ({
  type: "actions",
  elements: [{ type: "button", text: plain("x"), action_id: "a", value: "v", ...over }],
});
const check = (...blocks: types.KnownBlock[]) => checkMessage({ text: "x", blocks });

it.each<[string, types.KnownBlock[], RegExp]>([
  ["no blocks", [], /1 to 50/],
  ["51 blocks", Array.from({ length: 51 }, () => header("x")), /1 to 50/],
  ["a header of 151", [header("x".repeat(151))], /header: 151/],
  ["an empty header", [header("")], /header: 0/],
  ["half a character", [header("\ud83d")], /half a character/],
  ["too much text", Array.from({ length: 5 }, () => rich(words("x".repeat(2900)))), /too_long/],
  ["an empty span", [rich(words(""))], /rich_text: 0/],
  [
    "a mention",
    [rich({ type: "rich_text_section", elements: [{ type: "user", user_id: "U1" }] })],
    /user is no plain text/,
  ],
  ["text with markup", [{ type: "section", text: { type: "mrkdwn", text: "x" } }], /section/],
  ["a value of 2001", [button({ value: "v".repeat(2001) })], /value: 2001/],
  ["a button of 76", [button({ text: plain("x".repeat(76)) })], /button: 76/],
  [
    "a confirmation of 301",
    [button({ confirm: { text: plain("x".repeat(301)) } })],
    /confirm text/,
  ],
  [
    "two buttons of one id",
    [
      {
        type: "actions",
        elements: [1, 2].map(() => ({
          type: "button",
          text: plain("x"),
          action_id: "a",
          value: "v",
        })),
      },
    ],
    /not unique/,
  ],
])("refuses %s", (_, blocks, problem) => {
  expect(() => check(...blocks)).toThrow(problem);
});

it("refuses a form with a long title, or with a field and nothing to send it", () => {
  const field: types.InputBlock = {
    type: "input",
    label: plain("x"),
    element: { type: "plain_text_input", action_id: "a" },
  };
  const form: types.ModalView = { type: "modal", title: plain("x"), blocks: [field] };

  expect(() => checkModal(form)).toThrow(/submit/);
  expect(() => checkModal({ ...form, title: plain("x".repeat(25)) })).toThrow(/title: 25/);
  expect(() => checkModal({ ...form, submit: plain("ok") })).not.toThrow();
});

it("reads out what people see", () => {
  const link = { type: "link", url: "https://a.example", text: "a" } as const;
  const blocks = [
    header("Head"),
    rich(words("body"), {
      type: "rich_text_preformatted",
      elements: [{ type: "text", text: "ls" }],
    }),
    rich({ type: "rich_text_section", elements: [link] }),
  ];

  check(...blocks);
  expect(visibleOf(blocks).map(({ text }) => text)).toEqual([
    "Head\n",
    "body",
    "\n",
    "ls",
    "\n",
    "\n",
  ]);
  expect(visibleOf(blocks).filter(({ isCode }) => isCode)).toEqual([{ text: "ls", isCode: true }]);
  expect(preformattedOf(blocks)).toEqual(["ls"]);
  expect(linksOf(blocks)).toEqual(["https://a.example"]);
});
