import { z } from "zod";
import type { Tool } from "../diagnosis/reading.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Episode } from "../incident/alert.ts";
import { looksOf, propose } from "../remediation/propose.ts";
import { runProbe } from "./facts.ts";
import { numbers } from "./numbers.ts";
import type { Ports } from "./ports.ts";

const LONGEST_QUERY = 1_000;
const LONGEST_TEXT = 2_000;

export interface LookingAt {
  readonly episode: Episode;
  readonly add: (item: Omit<EvidenceItem, "id">) => Promise<EvidenceItem>;
}

/**
 * What a model may ask, all of it reading: a query, the runbook's own probes, another runbook's prose. Whatever is found
 * becomes evidence with an id of ours, so that a citation is never the model's own (T29).
 */
export function lookTools(ports: Ports, { episode, add }: LookingAt): readonly Tool[] {
  return [...promqlTool(ports, add), ...probeTool(ports, episode, add), runbookTool(ports)];
}

const Query = z.strictObject({
  query: z.string().min(1).max(LONGEST_QUERY).describe("one PromQL expression, for now"),
});

function promqlTool({ prometheus, redact, now }: Ports, add: LookingAt["add"]): Tool[] {
  if (prometheus === null) return [];
  return [
    tool(
      redact,
      "promql",
      "Asks Prometheus for the current value of an expression.",
      Query,
      async ({ query }) => {
        const text = redact(numbers(await prometheus.query(query))).slice(0, LONGEST_TEXT);
        const item = {
          kind: "promql" as const,
          title: redact(query),
          text,
          status: "found" as const,
        };
        return await add({ ...item, collectedAt: now() });
      },
    ),
  ];
}

function probeTool(ports: Ports, episode: Episode, add: LookingAt["add"]): Tool[] {
  const { runbooks, policy } = ports.catalogue.read();
  const offers = propose({ alert: episode, runbooks, policy: policy.ok ? policy.policy : null });
  if (offers.runbook === null) return [];
  const probes = looksOf(offers.runbook, episode, offers.candidates).flatMap((look) =>
    look.ok && look.evidence.probe !== undefined ? [{ ...look, probe: look.evidence.probe }] : [],
  );
  const [first, ...others] = probes.map(({ evidence }) => evidence.id);
  if (first === undefined) return [];
  const Which = z.strictObject({ id: z.enum([first, ...others]) });
  return [
    tool(
      ports.redact,
      "probe",
      "Runs one of the runbook's own read-only probes again.",
      Which,
      async ({ id }) => {
        const chosen = probes.find((one) => one.evidence.id === id);
        if (chosen === undefined) throw new Error("there is no such probe");
        const { probe, evidence, target } = chosen;
        const nowhere = { name: "", host: "", executor: probe.executor, directory: "/" };
        const result = await runProbe(ports, probe, target ?? nowhere);
        const text = ports.redact(result.text).slice(0, LONGEST_TEXT);
        const item = { kind: "probe" as const, title: evidence.title, text, status: result.status };
        return await add({ ...item, collectedAt: ports.now() });
      },
    ),
  ];
}

function runbookTool({ catalogue, redact }: Ports): Tool {
  const Which = z.strictObject({ id: z.string().max(80).describe("a runbook's id") });
  return tool(redact, "runbook", "Reads the prose of a runbook.", Which, ({ id }) => {
    const { runbooks } = catalogue.read();
    const found = runbooks.find((one) => one.id === id);
    if (found !== undefined) return Promise.resolve(redact(found.body).slice(0, 6_000));
    const ids = runbooks.map((one) => one.id).join(", ");
    return Promise.reject(
      new Error(`there is none of that id; there are: ${ids}`.slice(0, LONGEST_TEXT)),
    );
  });
}

/** What the model wrote is checked like any input; what fails is told to it, as little of a secret as what is found (T33). */
function tool<T extends z.ZodObject>(
  redact: Ports["redact"],
  name: string,
  description: string,
  Input: T,
  run: (input: z.output<T>) => Promise<EvidenceItem | string>,
): Tool {
  return {
    name,
    description,
    parameters: z.toJSONSchema(Input),
    async run(input) {
      const parsed = Input.safeParse(input);
      if (!parsed.success) {
        return {
          text: `The input is wrong: ${z.prettifyError(parsed.error).slice(0, 500)}`,
          isError: true,
        };
      }
      try {
        const found = await run(parsed.data);
        if (typeof found === "string") return { text: found, isError: false };
        const { id, status, text } = found;
        return { text: JSON.stringify({ id, status, text }), isError: status === "missing" };
      } catch (error) {
        const text = error instanceof Error ? error.message : "it failed";
        return { text: redact(text).slice(0, 500), isError: true };
      }
    },
  };
}
