import type {
  Answer,
  Conversation,
  FailureKind,
  Model,
  ToolCall,
  ToolResult,
  Usage,
} from "./model.ts";
import { addUsage, ModelFailed, NO_USAGE } from "./model.ts";
import { OpinionAnswer } from "./opinion.ts";
import { SCHEMA, systemText } from "./prompt.ts";
import type { Tool } from "./reading.ts";

export interface DeliberationTerms {
  readonly tools: readonly Tool[];
  readonly mostToolCalls: number;
  readonly maxOutputTokens: number;
  readonly signal: AbortSignal;
  /** Lets a call through that takes at most so many tokens, or says why not. */
  readonly meter: (
    atMost: Usage,
    call: () => Promise<{ readonly usage: Usage }>,
  ) => Promise<string | null>;
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

/** A token is hardly ever less than three characters of such text; what is set aside should be enough. */
const CHARACTERS_A_TOKEN = 3;
const FINISH = "Enough was looked at: answer now with the JSON object, from what you have.";
const REPAIR =
  "That was not a JSON object that fits the schema. Answer again with the JSON object alone. What was wrong: ";

/** One case, a few questions of the model, one answer, and one chance to mend its form. */
export async function deliberate(
  model: Model,
  caseText: string,
  terms: DeliberationTerms,
): Promise<Deliberation> {
  const tools = model.callsTools ? terms.tools : [];
  const system = systemText();
  const talk = model.open({
    system,
    schema: SCHEMA,
    tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    maxOutputTokens: terms.maxOutputTokens,
  });
  const metered = meteredTalk(talk, system.length + JSON.stringify(tools).length, terms);
  try {
    const end = await talkThrough(metered.say, caseText, tools, terms.mostToolCalls);
    return { ...end, failure: null, isPassing: false, ...metered.used };
  } catch (error) {
    const failure = error instanceof ModelFailed ? error.kind : null;
    if (failure === null && !(error instanceof NotLetThrough)) throw error;
    const { message: problem } = error as Error;
    const isPassing = failure !== null && PASSING.has(failure);
    return { answer: null, problem, failure, isPassing, ...metered.used };
  }
}

class NotLetThrough extends Error {}

const PASSING: ReadonlySet<FailureKind> = new Set(["busy", "unreachable", "too_late"]);

type Say = (what: string | readonly ToolResult[]) => Promise<Answer>;

function meteredTalk(
  talk: Conversation,
  preambleLength: number,
  { meter, maxOutputTokens, signal }: DeliberationTerms,
) {
  const used = { usage: NO_USAGE, calls: 0 };
  // All that was said is sent with every turn.
  let characters = preambleLength;
  const say: Say = async (what) => {
    characters += typeof what === "string" ? what.length : JSON.stringify(what).length;
    const input = Math.ceil(characters / CHARACTERS_A_TOKEN);
    const atMost = { ...NO_USAGE, input, output: maxOutputTokens };
    let answer: Answer | null = null;
    const why = await meter(atMost, async () => {
      answer = await talk.say(what, signal);
      return answer;
    });
    if (why !== null || answer === null) throw new NotLetThrough(why ?? "the call was not made");
    const { text, calls, usage }: Answer = answer;
    characters += text.length + JSON.stringify(calls).length;
    used.usage = addUsage(used.usage, usage);
    used.calls += 1;
    return answer;
  };
  return { say, used };
}

interface End {
  readonly answer: OpinionAnswer | null;
  readonly problem: string | null;
}

async function talkThrough(
  say: Say,
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
    const read = readAnswer(said);
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
  const key = `${name} ${JSON.stringify(input)}`;
  if (asked.has(key)) {
    return {
      id,
      text: "You asked exactly this before; its answer stands above. Ask something else or answer.",
      isError: true,
    };
  }
  asked.add(key);
  return { id, ...(await tool.run(input)) };
}

type Read =
  | { readonly ok: true; readonly answer: OpinionAnswer }
  | { readonly ok: false; readonly flaw: string };

function readAnswer({ text, stop }: Answer): Read {
  if (stop === "length") return { ok: false, flaw: "it was cut short; be briefer" };
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  if (start < 0 || end < start) return { ok: false, flaw: "there is no JSON object in it" };
  try {
    const parsed = OpinionAnswer.safeParse(JSON.parse(text.slice(start, end + 1)));
    if (parsed.success) return { ok: true, answer: parsed.data };
    const flaws = parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join(".")}: ${message}`);
    return { ok: false, flaw: flaws.join("; ").slice(0, 500) };
  } catch {
    return { ok: false, flaw: "it is not JSON" };
  }
}
