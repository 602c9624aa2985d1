import type { JSONSchema } from "zod/v4/core";

/** A language model, as far as this program uses one: it is told something and answers in a schema. */
export interface Model {
  readonly provider: "anthropic" | "openai" | "ollama" | "recorded";
  readonly name: string;
  /** Whether it can ask for more facts; what can't is asked once. */
  readonly callsTools: boolean;
  open(terms: Terms): Conversation;
}

export interface Terms {
  readonly system: string;
  /** What its last answer has to fit. A server may or may not enforce it, so it is checked again. */
  readonly schema: JSONSchema.JSONSchema;
  readonly tools: readonly ToolSpec[];
  readonly maxOutputTokens: number;
}

/** Holds what was said; a new one knows nothing of it. */
export interface Conversation {
  /** @throws ModelFailed */
  say(what: string | readonly ToolResult[], signal: AbortSignal): Promise<Answer>;
}

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: JSONSchema.JSONSchema;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it: anything at all. */
  readonly input: unknown;
}

export interface ToolResult {
  readonly id: string;
  readonly text: string;
  readonly isError: boolean;
}

export interface Answer {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly stop: "end" | "calls" | "length" | "refused";
  readonly usage: Usage;
}

/** Tokens. `input` are those that no cache had, as they are charged in full. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

export type FailureKind = "unreachable" | "busy" | "too_late" | "not_allowed" | "misunderstood";

/** Why there is no answer, in words for a card. It never carries a key. */
export class ModelFailed extends Error {
  override readonly name = "ModelFailed";
  readonly kind: FailureKind;
  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
