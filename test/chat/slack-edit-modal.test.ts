import type { types } from "@slack/bolt";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { commandText } from "../../src/chat/command-text.ts";
import { editError, editModal, typedEdit } from "../../src/chat/slack-edit-modal.ts";
import { hostileWords } from "../fakes/hostile.ts";
import { aRequest } from "../fakes/incidents.ts";
import { checkModal, linksOf, preformattedOf } from "../fakes/slack-block-kit.ts";

// Labels of 10 KB take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const TOKEN = "A".repeat(22);
const CONSOLE = "https://countersign.example.org/incidents/inc_1a2b3c4d5e6f";
const plain = aRequest();

function form(
  params: Record<string, string>,
  argv: readonly [string, ...string[]] = ["/bin/x"],
): types.ModalView {
  const command = { kind: "argv", argv, directory: "/" } as const;
  const request = aRequest({
    proposal: { ...plain.proposal, params },
    plan: { ...plain.plan, command },
  });
  return editModal({ request, token: TOKEN, consoleUrl: CONSOLE });
}

const blocksOf = (view: types.ModalView) => view.blocks as types.KnownBlock[];
const inputsOf = (view: types.ModalView) =>
  blocksOf(view).flatMap((block) => (block.type === "input" ? [block] : []));

it("carries the token and nothing else of the plan", () => {
  const { private_metadata, callback_id } = form({ lines: "200" });

  expect([private_metadata, callback_id]).toEqual([TOKEN, "edit"]);
});

it("comes back with the values as they were typed, and only with those", () => {
  const values = {
    "param.lines": { "param.lines": { value: " 50 " } },
    "param.unit": { "param.unit": { value: null } },
    other: { other: { value: "x" } },
  };

  const typed = typedEdit({ private_metadata: TOKEN, state: { values } });

  expect(typed).toEqual({ token: TOKEN, params: { lines: "50", unit: "" } });
  expect(Object.keys(editError({ state: { values } }, "No."))).toEqual(["param.lines"]);
});

it("is nothing where the form is not ours, and takes no name of an object's own", () => {
  const values = JSON.parse('{"param.__proto__":{"param.__proto__":{"value":"x"}}}');

  const { params } = typedEdit({ state: { values } });

  expect(typedEdit({ state: { values: {} } })).toEqual({ token: "", params: {} });
  expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
  expect(Object.entries(params)).toEqual([["__proto__", "x"]]);
});

it("has nothing to send where a value is longer than its field", () => {
  const view = form({ lines: "9".repeat(257) });

  expect(view.submit).toBeUndefined();
  expect(inputsOf(view)).toEqual([]);
  expect(linksOf(blocksOf(view))).toEqual([CONSOLE]);
});

it("T64 has nothing to send where the command does not fit", () => {
  const view = form({ lines: "200" }, ["/bin/x", "y".repeat(3001)]);

  expect(view.submit).toBeUndefined();
  expect(inputsOf(view)).toEqual([]);
  expect(linksOf(blocksOf(view))).toEqual([CONSOLE]);
});

it("T62 T64 is a form that Slack takes, with the whole command and all values or with nothing to send", () => {
  fc.assert(
    fc.property(hostileWords, (words) => {
      const params = Object.fromEntries(words.map((word, at) => [`p${at}`, word]));
      const view = form(params, ["/bin/x", ...words]);
      const command = { kind: "argv", argv: ["/bin/x", ...words], directory: "/" } as const;
      const isWhole = preformattedOf(blocksOf(view)).includes(commandText(command));
      const shown = inputsOf(view).map(({ element }) => element);

      expect(() => checkModal(view)).not.toThrow();
      expect(view.submit !== undefined).toBe(isWhole);
      expect(shown.map((each) => "initial_value" in each && each.initial_value)).toEqual(
        isWhole ? words : [],
      );
    }),
  );
});
