import type OpenAI from "openai";
import { failureOf } from "./failure.ts";
import type { Answer, Conversation, Model, Terms, ToolResult } from "./model.ts";

export interface OpenAiDeps {
  readonly model: string;
  /** Servers of one's own often want none. */
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
  readonly timeoutMs: number;
}

/** OpenAI, and every server that speaks its chat completions. */
export function createOpenAi({ model, apiKey, baseUrl, timeoutMs }: OpenAiDeps): Model {
  // Not loaded before it is needed: it is as large as the rest of the program.
  let client: Promise<OpenAI> | null = null;
  const connect = async (): Promise<OpenAI> => {
    const { default: Client } = await import("openai");
    return new Client({
      apiKey: apiKey ?? "none",
      baseURL: baseUrl ?? "https://api.openai.com/v1",
      timeout: timeoutMs,
      maxRetries: 0,
      logLevel: "off",
    });
  };
  const isVendor = baseUrl === null || new URL(baseUrl).hostname === "api.openai.com";

  function paramsOf(
    { schema, tools, maxOutputTokens }: Terms,
    messages: OpenAI.ChatCompletionMessageParam[],
  ): OpenAI.ChatCompletionCreateParamsNonStreaming {
    const json = { name: "opinion", strict: true, schema: schema as Record<string, unknown> };
    return {
      ...{ model, messages, ...toolsOf(tools) },
      ...(isVendor
        ? { max_completion_tokens: maxOutputTokens, store: false }
        : { max_tokens: maxOutputTokens }),
      response_format: { type: "json_schema", json_schema: json },
    };
  }

  function open(terms: Terms): Conversation {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "system", content: terms.system },
    ];
    return {
      async say(what, signal): Promise<Answer> {
        client ??= connect();
        messages.push(...turnsOf(what));
        const completion = await (await client).chat.completions
          .create(paramsOf(terms, [...messages]), { signal })
          .catch((error: unknown) => {
            throw failureOf("OpenAI", error, timeoutMs);
          });
        const choice = completion.choices?.[0];
        if (choice === undefined) throw failureOf("OpenAI", "unreadable", timeoutMs);
        messages.push(choice.message);
        return toAnswer(choice, completion.usage);
      },
    };
  }

  return { provider: "openai", name: model, callsTools: true, open };
}

function toAnswer(
  { message, finish_reason }: OpenAI.ChatCompletion.Choice,
  usage: OpenAI.CompletionUsage | undefined,
): Answer {
  const calls = (message.tool_calls ?? []).flatMap((call) =>
    call.type === "function"
      ? [{ id: call.id, name: call.function.name, input: parsed(call.function.arguments) }]
      : [],
  );
  const cacheRead = usage?.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    text: message.content ?? "",
    calls,
    stop: stopOf(message, finish_reason, calls.length),
    usage: {
      input: (usage?.prompt_tokens ?? 0) - cacheRead,
      output: usage?.completion_tokens ?? 0,
      cacheRead,
      cacheWrite: 0,
    },
  };
}

function stopOf(
  { refusal }: OpenAI.ChatCompletionMessage,
  reason: OpenAI.ChatCompletion.Choice["finish_reason"],
  calls: number,
): Answer["stop"] {
  if (reason === "content_filter" || (refusal !== null && refusal !== undefined)) return "refused";
  if (calls > 0) return "calls";
  return reason === "length" ? "length" : "end";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function turnsOf(what: string | readonly ToolResult[]): OpenAI.ChatCompletionMessageParam[] {
  if (typeof what === "string") return [{ role: "user", content: what }];
  return what.map(({ id, text }) => ({ role: "tool", tool_call_id: id, content: text }));
}

function toolsOf(tools: Terms["tools"]): Pick<OpenAI.ChatCompletionCreateParams, "tools"> {
  if (tools.length === 0) return {};
  return {
    tools: tools.map(({ name, description, parameters }) => ({
      type: "function",
      function: { name, description, parameters: parameters as Record<string, unknown> },
    })),
  };
}
