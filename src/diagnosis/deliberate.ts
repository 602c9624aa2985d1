import type { FailureKind, Model, Terms, ToolCall, ToolResult, Usage } from "./model.ts";
import { OpinionAnswer } from "./opinion.ts";
import type { Prompt } from "./prompt.ts";
import { SCHEMA, withoutSeparators } from "./prompt.ts";
import { readAnswer } from "./read-answer.ts";
import type { Tool } from "./reading.ts";
import type { Bounds, Talk } from "./talk.ts";
import { openTalk, whyNoAnswer } from "./talk.ts";

export interface DeliberationTerms extends Bounds {
  readonly tools: readonly Tool[];
  readonly mostToolCalls: number;
  readonly maxOutputTokens: number;
}

export interface Deliberation {
  /** Null where no answer could be read; `problem` says why. */
  readonly answer: OpinionAnswer | null;
  readonly problem: string | null;
  /** Where the model could not be asked or understood, and not merely had nothing to say. */
  readonly failure: FailureKind | null;
  /** Whether the same may go well a little later. */
  readonly isPassing: boolean;
  readonly usage: Usage;
  readonly calls: number;
}

const FINISH = "Enough was looked at: answer now with the JSON object, from what you have.";
const REPAIR =
  "That was not a JSON object that fits the schema. Answer again with the JSON object alone. What was wrong: ";

/** One case, a few questions of the model, one answer, and one chance to mend its form. */
export async function deliberate(
  model: Model,
  prompt: Prompt,
  terms: DeliberationTerms,
): Promise<Deliberation> {
  const tools = model.callsTools ? terms.tools : [];
  const talk = openTalk(model, openingOf(prompt, tools, terms.maxOutputTokens), terms);
  try {
    const end = await talkThrough(talk.say, prompt.text, tools, terms.mostToolCalls);
    return { ...end, failure: null, isPassing: false, ...talk.used };
  } catch (error) {
    return { answer: null, ...whyNoAnswer(error), ...talk.used };
  }
}

/** What a model is told before it is shown the case. */
export function openingOf(
  { system }: Prompt,
  tools: readonly Tool[],
  maxOutputTokens: number,
): Terms {
  return {
    system,
    schema: SCHEMA,
    tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    maxOutputTokens,
  };
}

interface End {
  readonly answer: OpinionAnswer | null;
  readonly problem: string | null;
}

async function talkThrough(
  say: Talk["say"],
  caseText: string,
  tools: readonly Tool[],
  mostToolCalls: number,
): Promise<End> {
  const answerCalls = createLooker(tools, mostToolCalls);
  let said = await say(caseText);
  let isRepaired = false;
  for (;;) {
    while (said.calls.length > 0) {
      const results = await answerCalls(said.calls);
      if (results === null) return unread("it kept asking and did not answer");
      said = await say(results);
    }
    if (said.stop === "refused") return unread("it refused to answer");
    const read = readAnswer(said, OpinionAnswer);
    if (read.ok) return { answer: read.answer, problem: null };
    if (isRepaired) return unread(`its answer could not be read: ${read.flaw}`);
    isRepaired = true;
    said = await say(`${REPAIR}${read.flaw}`);
  }
}

function unread(problem: string): End {
  return { answer: null, problem };
}

/** Every call is answered, as the protocols want it; when it is enough, by that. Null when even that is not heard. */
function createLooker(tools: readonly Tool[], most: number) {
  const asked = new Set<string>();
  let looks = 0;
  return async (calls: readonly ToolCall[]): Promise<readonly ToolResult[] | null> => {
    looks += calls.length;
    if (looks > 2 * most) return null;
    if (looks > most) return calls.map(({ id }) => ({ id, text: FINISH, isError: true }));
    return await Promise.all(calls.map((call) => look(call, tools, asked)));
  };
}

/** The same question twice is a circle. */
async function look(
  { id, name, input }: ToolCall,
  tools: readonly Tool[],
  asked: Set<string>,
): Promise<ToolResult> {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) {
    const names = tools.map((one) => one.name).join(", ");
    return {
      id,
      text: `There is no tool ${name.slice(0, 60)}; there are: ${names}`,
      isError: true,
    };
  }
  const key = keyOf(name, input);
  if (asked.has(key)) {
    return {
      id,
      text: "You asked exactly this before; its answer stands above. Ask something else or answer.",
      isError: true,
    };
  }
  asked.add(key);
  const { text, isError } = await tool.run(input);
  return { id, text: withoutSeparators(text), isError };
}

/** However it is spaced, and in whichever order. */
function keyOf(name: string, input: unknown): string {
  const parts = Object.entries(input ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name} ${JSON.stringify(parts).replace(/(?:\s|\\[nrt])+/g, " ")}`;
}
