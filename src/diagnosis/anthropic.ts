import type Anthropic from "@anthropic-ai/sdk";
import { failureOf } from "./failure.ts";
import type { Answer, Conversation, Model, Terms, ToolResult } from "./model.ts";

export interface AnthropicDeps {
  readonly model: string;
  readonly apiKey: string;
  /** Null for Anthropic's own. */
  readonly baseUrl: string | null;
  readonly timeoutMs: number;
}

/** Claude, and every server that speaks its Messages API: vLLM, llama-server, LiteLLM. */
export function createAnthropic({ model, apiKey, baseUrl, timeoutMs }: AnthropicDeps): Model {
  // Not loaded before it is needed: it is as large as the rest of the program.
  let client: Promise<Anthropic> | null = null;
  const connect = async (): Promise<Anthropic> => {
    const { default: Client } = await import("@anthropic-ai/sdk");
    return new Client({
      apiKey,
      ...(baseUrl === null ? {} : { baseURL: baseUrl }),
      timeout: timeoutMs,
      // Whether to try again is settled by whoever keeps the budget.
      maxRetries: 0,
      logLevel: "off",
      openTelemetry: false,
    });
  };
  // Other servers answer 400 to what only Anthropic's knows.
  const isVendor = baseUrl === null || new URL(baseUrl).hostname.endsWith(".anthropic.com");

  function paramsOf(
    { system, schema, tools, maxOutputTokens }: Terms,
    messages: Anthropic.MessageParam[],
  ): Anthropic.MessageCreateParamsNonStreaming {
    const format = { type: "json_schema" as const, schema: schema as Record<string, unknown> };
    const common = { model, max_tokens: maxOutputTokens, messages, ...toolsOf(tools) };
    if (!isVendor) {
      return { ...common, system: [{ type: "text", text: system }], output_config: { format } };
    }
    return {
      ...common,
      system: [{ type: "text", text: system, cache_control: { type: "ephemeral" } }],
      output_config: { format, effort: "medium" },
      thinking: { type: "adaptive" },
    };
  }

  function open(terms: Terms): Conversation {
    const messages: Anthropic.MessageParam[] = [];
    return {
      async say(what, signal): Promise<Answer> {
        client ??= connect();
        const content = typeof what === "string" ? what : what.map(toResult);
        messages.push({ role: "user", content });
        const message = await (await client).messages
          .create(paramsOf(terms, [...messages]), { signal })
          .catch((error: unknown) => {
            throw failureOf("Anthropic", error, timeoutMs);
          });
        // Whole, with its thinking: the next turn is refused without it.
        messages.push({ role: "assistant", content: message.content });
        return toAnswer(message);
      },
    };
  }

  return { provider: "anthropic", name: model, callsTools: true, open };
}

function toResult({ id, text, isError }: ToolResult): Anthropic.ToolResultBlockParam {
  return { type: "tool_result", tool_use_id: id, content: text, is_error: isError };
}

const STOPS: Readonly<Record<string, Answer["stop"]>> = {
  end_turn: "end",
  stop_sequence: "end",
  tool_use: "calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "refused",
};

function toAnswer({ content, stop_reason, usage }: Anthropic.Message): Answer {
  return {
    text: content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join(""),
    calls: content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    stop: STOPS[stop_reason ?? "end_turn"] ?? "end",
    usage: {
      input: usage.input_tokens,
      output: usage.output_tokens,
      // Servers of other makers leave them out.
      cacheRead: usage.cache_read_input_tokens ?? 0,
      cacheWrite: usage.cache_creation_input_tokens ?? 0,
    },
  };
}

function toolsOf(tools: Terms["tools"]): Pick<Anthropic.MessageCreateParams, "tools"> {
  if (tools.length === 0) return {};
  return {
    tools: tools.map(({ name, description, parameters }) => ({
      name,
      description,
      input_schema: parameters as Anthropic.Tool.InputSchema,
    })),
  };
}
