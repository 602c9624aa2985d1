import { classifyArgv } from "./classify.ts";
import type { Action, Runbook } from "./runbook.ts";
import { paramsOf } from "./runbook.ts";
import { sampleOf } from "./sample.ts";
import { isAbove } from "./verdict.ts";

/**
 * Actions whose command looks worse than the risk their owner declared. The owner's word stays: a
 * script of one's own is in no table and may well be low.
 */
export function riskyCommands(runbooks: readonly Runbook[]): string[] {
  return runbooks.flatMap((runbook) =>
    runbook.actions.flatMap((action) => {
      const argv = argvOf(runbook, action);
      if (argv === null) return [];
      const { verdict, reason } = classifyArgv(argv);
      return isAbove(verdict, action.risk)
        ? [
            `runbooks/${runbook.id}.md: "${action.id}" is declared ${action.risk} and looks ${verdict}: ${reason}`,
          ]
        : [];
    }),
  );
}

/** The action's program and arguments, with samples for its parameters. */
function argvOf(runbook: Runbook, action: Action): string[] | null {
  const { argv } =
    sampleOf({ with: action.with, params: paramsOf(runbook, action) }) ?? action.with;
  const isList = Array.isArray(argv) && argv.every((word) => typeof word === "string");
  return isList ? argv : null;
}
