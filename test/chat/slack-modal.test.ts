import type { types } from "@slack/bolt";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import { commandText } from "../../src/chat/command-text.ts";
import { approveModal, planCodeError, typedApproval } from "../../src/chat/slack-modal.ts";
import { hostileWords } from "../fakes/hostile.ts";
import { aRequest } from "../fakes/incidents.ts";
import { checkModal, linksOf, preformattedOf, visibleOf } from "../fakes/slack-block-kit.ts";

// Labels of 10 KB take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const TOKEN = "A".repeat(22);
const CONSOLE = "https://countersign.example.org/incidents/inc_1a2b3c4d5e6f";
const form = (request: PlannedRequest, needsReason = true): types.ModalView =>
  approveModal({ request, token: TOKEN, needsReason, consoleUrl: CONSOLE });
const blocksOf = (view: types.ModalView) => view.blocks as types.KnownBlock[];
const inputsOf = (view: types.ModalView) =>
  blocksOf(view).flatMap((block) => (block.type === "input" ? [block] : []));

const high = aRequest({ risk: "high", quorum: 2 });

it("shows once more what would run, where and how risky it is", () => {
  const view = form(high);
  const read = visibleOf(blocksOf(view)).map(({ text }) => text.replaceAll("\u2060", ""));

  checkModal(view);
  expect(read.join("")).toBe(
    [
      "Identify and stop the busiest process",
      "/usr/bin/systemctl stop 'batch job'",
      "Target: web-01 (192.168.1.101) via ssh",
      "Plan code: 9f3a1c22",
      "Risk Level: HIGH",
      "• The runbook declares it medium.",
      "",
    ].join("\n"),
  );
});

it("carries the token and nothing else of the decision", () => {
  const { private_metadata, callback_id } = form(high);

  expect(private_metadata).toBe(TOKEN);
  expect(callback_id).toBe("approve");
});

it.each([true, false])(
  "asks for the plan code always, for a reason if it is needed: %s",
  (needed) => {
    const fields = inputsOf(form(high, needed));

    expect(fields.map(({ block_id, optional }) => [block_id, optional === true])).toEqual([
      ["plan_code", false],
      ["reason", !needed],
    ]);
  },
);

describe("what comes back", () => {
  const back = (planCode: string | null, reason: string | null) =>
    typedApproval({
      private_metadata: TOKEN,
      state: {
        values: {
          plan_code: { plan_code: { value: planCode } },
          reason: { reason: { value: reason } },
        },
      },
    });

  it("is the token, the code as it is stored, and the reason as one line", () => {
    expect(back(" 9F3A1C22\u2060 ", "it\nis urgent ")).toEqual({
      token: TOKEN,
      planCode: "9f3a1c22",
      reason: "it is urgent",
    });
  });

  it("has no reason where none was typed", () => {
    expect(back("9f3a1c22", null).reason).toBeNull();
    expect(back(null, "   ")).toEqual({ token: TOKEN, planCode: "", reason: null });
  });

  it("is nothing where the form is not ours", () => {
    expect(typedApproval({ state: { values: {} } })).toEqual({
      token: "",
      planCode: "",
      reason: null,
    });
  });

  it("is answered at the field that is wrong", () => {
    expect(Object.keys(planCodeError("No such plan."))).toEqual([
      inputsOf(form(high))[0]?.block_id,
    ]);
  });
});

it("T64 has nothing to send where the command does not fit", () => {
  const command = { kind: "argv", argv: ["/bin/x", "y".repeat(3001)], directory: "/" } as const;
  const view = form(aRequest({ plan: { ...high.plan, command } }));

  expect(view.submit).toBeUndefined();
  expect(inputsOf(view)).toEqual([]);
  expect(linksOf(blocksOf(view))).toEqual([CONSOLE]);
});

it("T62 T64 is a form that Slack takes, with the whole command or with nothing to send", () => {
  fc.assert(
    fc.property(hostileWords, (words) => {
      const command = { kind: "argv", argv: ["/bin/x", ...words], directory: "/" } as const;
      const [title = "", host = ""] = words;
      const request = aRequest({
        risk: "high",
        reasons: words.map((text) => ({ rule: "r", text })),
        plan: { ...high.plan, command, target: { name: title, host } },
        proposal: { ...high.proposal, actionTitle: title },
      });
      const view = form(request);
      const isWhole = preformattedOf(blocksOf(view)).includes(commandText(command));

      expect(() => checkModal(view)).not.toThrow();
      expect(view.submit !== undefined).toBe(isWhole);
      expect(inputsOf(view)).toHaveLength(isWhole ? 2 : 0);
      expect(linksOf(blocksOf(view))).toEqual(isWhole ? [] : [CONSOLE]);
    }),
  );
});
