import { z } from "zod";
import type { IncidentSummary } from "../chat/card.ts";
import type { Tool } from "../diagnosis/reading.ts";
import type { Episode } from "../incident/alert.ts";
import { looksOf, propose } from "../remediation/propose.ts";
import { runProbe } from "./facts.ts";
import type { Keep } from "./look-tools.ts";
import type { Ports } from "./ports.ts";
import { LONGEST_TEXT, tool } from "./tool.ts";

const LONGEST_PROSE = 6_000;

/** What Countersign itself can be asked: its runbook's probes, its runbooks, its history. */
export function ownTools(ports: Ports, episode: Episode, keep: Keep): Tool[] {
  return [...probeTool(ports, episode, keep), runbookTool(ports), historyTool(ports, keep)];
}

function probeTool(ports: Ports, episode: Episode, keep: Keep): Tool[] {
  const { runbooks, policy } = ports.catalogue.read();
  const offers = propose({ alert: episode, runbooks, policy });
  if (offers.runbook === null) return [];
  const probes = looksOf(offers.runbook, episode, offers.candidates).flatMap((look) =>
    look.ok && look.evidence.probe !== undefined ? [{ ...look, probe: look.evidence.probe }] : [],
  );
  const [first, ...others] = probes.map(({ evidence }) => evidence.id);
  if (first === undefined) return [];
  const description = "Runs one of the runbook's own read-only probes again.";
  const Input = z.strictObject({ id: z.enum([first, ...others]) });
  return [
    tool(ports, { name: "probe", description, Input }, async ({ id }) => {
      const chosen = probes.find((one) => one.evidence.id === id);
      if (chosen === undefined) throw new Error("there is no such probe");
      const { probe, evidence, target } = chosen;
      const nowhere = { name: "", host: "", executor: probe.executor, directory: "/" };
      const { text, status } = await runProbe(ports, probe, target ?? nowhere);
      return await keep({ kind: "probe", title: evidence.title, text, status });
    }),
  ];
}

function runbookTool(ports: Ports): Tool {
  const description = "Reads the prose of a runbook.";
  const Input = z.strictObject({ id: z.string().max(80).describe("a runbook's id") });
  return tool(ports, { name: "runbook", description, Input }, ({ id }) => {
    const { runbooks } = ports.catalogue.read();
    const found = runbooks.find((one) => one.id === id);
    if (found !== undefined)
      return Promise.resolve(ports.redact(found.body).slice(0, LONGEST_PROSE));
    const ids = runbooks.map((one) => one.id).join(", ");
    return Promise.reject(
      new Error(`there is none of that id; there are: ${ids}`.slice(0, LONGEST_TEXT)),
    );
  });
}

function historyTool({ store, redact }: Ports, keep: Keep): Tool {
  const description =
    "Finds earlier incidents by words, with what was offered and what became of it.";
  const Input = z.strictObject({
    words: z.string().min(3).max(200).describe("all of them must be there, such as a host's name"),
  });
  return tool({ redact }, { name: "history", description, Input }, async ({ words }) => {
    const found = await store.search(words);
    return await keep({
      ...{ kind: "history", title: `History: ${words}` },
      text: found.map(told).join("\n") || "nothing of that",
    });
  });
}

function told({ title, where, state, openedAt, request }: IncidentSummary): string {
  const done = request === null ? "nothing offered" : `${request.actionTitle}: ${request.state}`;
  const what = [title, where].filter(Boolean).join(" on ");
  return `${openedAt.toISOString().slice(0, 16)}Z ${what}, ${state}; ${done}`;
}
