import { z } from "zod";
import { failureOf } from "./failure.ts";
import type { Answer, Conversation, Model, Terms } from "./model.ts";

export interface OllamaDeps {
  readonly model: string;
  readonly url: string;
  readonly timeoutMs: number;
}

/** Its own default may be 4,096, and it cuts a longer prompt without a word. */
const CONTEXT_TOKENS = 16_384;
const MAX_ANSWER_BYTES = 1024 * 1024;

const Chat = z.object({
  message: z.object({ content: z.string() }),
  done_reason: z.string().optional(),
  prompt_eval_count: z.number().int().nonnegative().default(0),
  eval_count: z.number().int().nonnegative().default(0),
});

/**
 * A local Ollama by its own API: the only one of its APIs where the schema is enforced and the context can be set. With
 * a schema enforced it can't call tools, so it is asked once.
 */
export function createOllama({ model, url, timeoutMs }: OllamaDeps): Model {
  function open({ system, schema, maxOutputTokens }: Terms): Conversation {
    const messages: { role: string; content: string }[] = [{ role: "system", content: system }];
    return {
      async say(what, signal): Promise<Answer> {
        const content = typeof what === "string" ? what : what.map(({ text }) => text).join("\n");
        messages.push({ role: "user", content });
        const chat = await post(
          `${url.replace(/\/+$/, "")}/api/chat`,
          {
            model,
            messages,
            stream: false,
            format: schema,
            options: { num_ctx: CONTEXT_TOKENS, num_predict: maxOutputTokens, temperature: 0 },
          },
          { signal, timeoutMs },
        );
        messages.push({ role: "assistant", content: chat.message.content });
        return {
          text: chat.message.content,
          calls: [],
          stop: chat.done_reason === "length" ? "length" : "end",
          usage: {
            input: chat.prompt_eval_count,
            output: chat.eval_count,
            cacheRead: 0,
            cacheWrite: 0,
          },
        };
      },
    };
  }

  return { provider: "ollama", name: model, callsTools: false, open };
}

async function post(
  url: string,
  body: object,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<z.output<typeof Chat>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    text = await response.text();
  } catch (cause) {
    throw failureOf("Ollama", cause, timeoutMs);
  }
  if (!response.ok) throw failureOf("Ollama", response.status, timeoutMs);
  if (text.length > MAX_ANSWER_BYTES) throw failureOf("Ollama", "unreadable", timeoutMs);
  try {
    return Chat.parse(JSON.parse(text));
  } catch (cause) {
    throw failureOf("Ollama", cause, timeoutMs);
  }
}
