import type {
  Answer,
  Conversation,
  FailureKind,
  Model,
  Terms,
  ToolResult,
  Usage,
} from "./model.ts";
import { addUsage, ModelFailed, NO_USAGE } from "./model.ts";

/** What keeps a talk within what it may take. */
export interface Bounds {
  readonly signal: AbortSignal;
  /** Lets a call through that takes at most so many tokens, or says why not. */
  readonly meter: (
    atMost: Usage,
    call: () => Promise<{ readonly usage: Usage }>,
  ) => Promise<string | null>;
}

export interface Talk {
  /** @throws what `whyNoAnswer` explains */
  readonly say: (what: string | readonly ToolResult[]) => Promise<Answer>;
  readonly used: { usage: Usage; calls: number };
}

class NotLetThrough extends Error {}

const PASSING: ReadonlySet<FailureKind> = new Set(["busy", "unreachable", "too_late"]);
/** A token is hardly ever less than three characters of such text; what is set aside should be enough. */
const CHARACTERS_A_TOKEN = 3;

/** A conversation whose every turn is metered before it is taken. */
export function openTalk(model: Model, terms: Terms, { signal, meter }: Bounds): Talk {
  const talk: Conversation = model.open(terms);
  const used = { usage: NO_USAGE, calls: 0 };
  // All that was said is sent with every turn.
  let characters = preambleOf(terms);
  async function say(what: string | readonly ToolResult[]): Promise<Answer> {
    characters += typeof what === "string" ? what.length : JSON.stringify(what).length;
    let answer: Answer | null = null;
    const why = await meter(atMost(characters, terms), async () => {
      answer = await talk.say(what, signal);
      return answer;
    });
    if (why !== null || answer === null) throw new NotLetThrough(why ?? "the call was not made");
    const { text, calls, usage }: Answer = answer;
    characters += text.length + JSON.stringify(calls).length;
    used.usage = addUsage(used.usage, usage);
    used.calls += 1;
    return answer;
  }
  return { say, used };
}

/** What the first turn of a talk takes at most. */
export function firstTurn(terms: Terms, text: string): Usage {
  return atMost(preambleOf(terms) + text.length, terms);
}

function preambleOf({ system, tools }: Terms): number {
  return system.length + JSON.stringify(tools).length;
}

function atMost(characters: number, { maxOutputTokens }: Terms): Usage {
  const input = Math.ceil(characters / CHARACTERS_A_TOKEN);
  return { ...NO_USAGE, input, output: maxOutputTokens };
}

export interface NoAnswer {
  readonly problem: string;
  /** Where the model could not be asked or understood, and was not merely not let through. */
  readonly failure: FailureKind | null;
  /** Whether the same may go well a little later. */
  readonly isPassing: boolean;
}

/** What ended a talk before its answer; anything else is a mistake of ours and thrown on. */
export function whyNoAnswer(error: unknown): NoAnswer {
  const failure = error instanceof ModelFailed ? error.kind : null;
  if (failure === null && !(error instanceof NotLetThrough)) throw error;
  const { message: problem } = error as Error;
  return { problem, failure, isPassing: failure !== null && PASSING.has(failure) };
}
