import { z } from "zod";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, listed } from "./command.ts";
import type { RunbookDetail } from "./desk.ts";
import { oneLine, plural } from "./text.ts";
import { asTyped } from "./wording.ts";

const RunbookId = z
  .object({ words: z.tuple([z.string("a runbook id is missing")], z.string()) })
  .transform(({ words }) => words[0]);

/** What could run at all: the whitelist, for reading. */
export function runbookCommands({ desk }: CommandDeps): ListedCommand[] {
  async function runbooks(): Promise<Reply> {
    const all = await desk.runbooks();
    const offering = all.filter(({ actions }) => actions.length > 0);
    const looking = all.filter(({ actions }) => actions.length === 0);
    const lines = offering.map(({ id, title, actions }) => {
      const risks = actions.map((action) => `${action.id} ${action.risk}`).join(", ");
      return `\`${id}\` ${oneLine(title, 80)} (${risks})`;
    });
    const ids = looking.map(({ id }) => `\`${id}\``).join(", ");
    const rest = ids === "" ? [] : [`For investigation only, ${looking.length}: ${ids}`];
    return { text: [plural(all.length, "runbook"), ...lines, ...rest].join("\n") };
  }

  async function runbook({ channel }: CommandContext, prefix: string): Promise<Reply> {
    const found = await desk.runbook(prefix);
    if (found === null)
      return {
        text: `No one runbook is called that. ${asTyped("/runbooks", channel)} lists them.`,
      };
    return { text: detailText(found) };
  }

  return [
    listed({
      name: "runbooks",
      usage: "/runbooks",
      summary: "what could run, with its risk",
      role: "viewer",
      args: AnyWords,
      run: runbooks,
    }),
    listed({
      name: "runbook",
      usage: "/runbook <id>",
      summary: "one runbook: commands, parameters, record",
      role: "viewer",
      args: RunbookId,
      run: runbook,
    }),
  ];
}

function detailText({ id, title, sha256, actions }: RunbookDetail): string {
  const lines = actions.flatMap((action) => [
    "",
    `${oneLine(action.title, 100)} (${id} / ${action.id})`,
    `Risk: ${action.risk}, executor: ${action.executor}`,
    `\`${oneLine(action.with, 500)}\``,
    `Targets: ${oneLine(action.targets, 200)}`,
    ...action.params.map((param) => `Parameter: ${oneLine(param, 150)}`),
    recordText(action.record),
  ]);
  const none = actions.length === 0 ? ["", "It has no action: investigation only."] : [];
  return [`${oneLine(title, 100)} (file ${sha256.slice(0, 8)})`, ...lines, ...none].join("\n");
}

function recordText(record: RunbookDetail["actions"][number]["record"]): string {
  if (record === null) return "It has never run.";
  const { runs, verified, stillFailing, unknown } = record;
  return `Ran ${runs} times: ${verified} verified, ${stillFailing} still failing, ${unknown} cut short.`;
}
