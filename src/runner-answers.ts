import { z } from "zod";
import type { Executor } from "./execution/execution.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import type { Target } from "./remediation/proposal.ts";
import { isInRunbooks } from "./remediation/recognise.ts";

/** What an executor says of itself. */
export const Introduction = z.object({
  /** As in EXECUTOR_TARGETS; null for all. */
  targets: z.array(z.string()).nullable(),
  /** Why it runs nothing unasked; null where its sandbox is there. */
  belowFloor: z.string().nullable(),
  /** Its own runbook folder: name and hash of each file. */
  files: z.array(z.tuple([z.string(), z.string().nullable()])),
});
export type Introduction = z.output<typeof Introduction>;

const Asked = {
  executor: z.string(),
  with: z.record(z.string(), z.unknown()),
  target: z.string(),
};
const Question = z.discriminatedUnion("what", [
  z.strictObject({ what: z.literal("who") }),
  z.strictObject({ what: z.literal("check"), executors: z.array(z.string()) }),
  z.strictObject({ what: z.literal("probe"), ...Asked }),
  z.strictObject({ what: z.literal("pin"), ...Asked }),
  z.strictObject({ what: z.literal("dry_run"), ...Asked, timeoutMs: z.int().positive() }),
]);
type Question = z.output<typeof Question>;
type Look = Extract<Question, { what: "probe" | "pin" | "dry_run" }>;

/**
 * What an executor answers to the process that shows the cards. It looks, and only at what its own runbooks name on
 * targets that its own policy has; it runs nothing that it is told here.
 */
export function createAnswers(deps: {
  readonly catalogue: Pick<Catalogue, "read" | "files">;
  readonly executors: ReadonlyMap<string, Executor>;
  readonly targets: readonly string[] | null;
  readonly belowFloor: string | null;
}) {
  const { catalogue, executors, targets, belowFloor } = deps;

  function introduction(): Introduction {
    const files = catalogue.files() ?? [];
    return {
      targets: targets === null ? null : [...targets],
      belowFloor,
      files: files.map(({ name, sha256 }) => [name, sha256]),
    };
  }

  async function check(names: readonly string[]): Promise<string> {
    const said = await Promise.all(
      names.map(async (name) => `${name}: ${await find(name).check()}`),
    );
    return said.join("; ") || "the inventory has no targets";
  }

  async function look(question: Look): Promise<unknown> {
    const executor = find(question.executor);
    const target = targetOf(question);
    const what = question.what === "probe" ? ("probe" as const) : ("action" as const);
    const asked = { what, executor: question.executor, with: question.with };
    if (!isInRunbooks(catalogue.read().runbooks, asked, question.target === "" ? null : target)) {
      throw new Error("none of the executor's own runbooks asks for this");
    }
    if (question.what === "probe") return await executor.probe(question.with, target);
    const pinned = (await executor.pin?.(question.with, target)) ?? {
      command: executor.describe(question.with, target),
      detail: null,
    };
    if (question.what === "pin") return pinned;
    const { timeoutMs } = question;
    return await executor.dryRun?.(pinned.command, { timeoutMs });
  }

  function targetOf({ target: name, executor }: Look): Target {
    // Some evidence is about no target of the inventory.
    if (name === "") return { name, host: "", executor, directory: "/" };
    const { policy } = catalogue.read();
    const known = policy?.targets.find((one) => one.name === name);
    if (known === undefined) throw new Error(`the executor's own policy has no target ${name}`);
    const { aliases: _, labels: __, reservedFor: ___, ...target } = known;
    return target;
  }

  function find(name: string): Executor {
    const executor = executors.get(name);
    if (executor === undefined) throw new Error(`this installation has no executor ${name}`);
    return executor;
  }

  return async function answer(asked: unknown): Promise<unknown> {
    const question = Question.parse(asked);
    switch (question.what) {
      case "who":
        return introduction();
      case "check":
        return await check(question.executors);
      default:
        return await look(question);
    }
  };
}
