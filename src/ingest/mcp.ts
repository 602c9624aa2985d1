import type { Context } from "hono";
import { Hono } from "hono";
import type { AgentTool } from "./agent-tools.ts";
import type { Holder, HolderVariables } from "./api-key.ts";
import { onlyHolders } from "./api-key.ts";
import { jsonBody, parseJson } from "./json-body.ts";

export interface AgentRoutesOptions {
  readonly tools: readonly AgentTool[];
  readonly holders: () => readonly Holder[] | null;
  readonly publicUrl: string;
  readonly version: string;
  readonly onRefused?: (reason: string, detail: string) => void;
}

/** JSON-RPC's answer to what did not get as far as a method. */
export function refusal(onRefused: AgentRoutesOptions["onRefused"]) {
  return (c: Context, status: 400 | 401 | 413 | 415 | 503, reason: string, message: string) => {
    onRefused?.(reason, message);
    return c.json({ jsonrpc: "2.0", id: null, error: { code: -32_000, message } }, status);
  };
}

const INSTRUCTIONS =
  "Countersign shows incidents with their evidence, and takes proposals of whitelisted actions. People approve or reject them; no tool here can.";

/** The Model Context Protocol over HTTP, without sessions: each call stands alone and shows its key. */
export function createMcp({ tools, holders, version, onRefused }: AgentRoutesOptions) {
  const refuse = refusal(onRefused);
  const { onlyJson, limit } = jsonBody(refuse);

  // Not loaded before somebody calls: most installations have no agents.
  const load = () =>
    Promise.all([
      import("@modelcontextprotocol/sdk/server/index.js"),
      import("@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js"),
      import("@modelcontextprotocol/sdk/types.js"),
    ]);
  let loading: ReturnType<typeof load> | null = null;

  async function serverFor(holder: Holder) {
    loading ??= load();
    const [{ Server }, { WebStandardStreamableHTTPServerTransport }, types] = await loading;
    const server = new Server(
      { name: "countersign", version },
      { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
    );
    server.setRequestHandler(types.ListToolsRequestSchema, () => ({ tools: tools.map(shown) }));
    server.setRequestHandler(types.CallToolRequestSchema, async ({ params }) => {
      const tool = tools.find(({ name }) => name === params.name);
      if (tool === undefined) return told({ error: `there is no tool ${nameOf(params.name)}` });
      const answer = await tool.call(params.arguments, holder);
      return answer.ok ? told({ result: answer.result }) : told({ error: answer.error });
    });
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    // Its optional callbacks are written without `undefined`.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    return { server, transport };
  }

  return new Hono<HolderVariables>()
    .post("/mcp", onlyHolders(holders, refuse), onlyJson, limit, async (c) => {
      const body = parseJson(await c.req.text());
      if (!body.ok) return refuse(c, 400, "body", `the body is not JSON: ${body.error}`);
      const { server, transport } = await serverFor(c.get("holder"));
      try {
        return await transport.handleRequest(c.req.raw, { parsedBody: body.value });
      } finally {
        await server.close();
      }
    })
    .all("/mcp", (c) => {
      c.header("Allow", "POST");
      const message = "only POST: there is no stream and no session here";
      return c.json({ jsonrpc: "2.0", id: null, error: { code: -32_000, message } }, 405);
    });
}

function shown({ name, title, description, isReading, schema }: AgentTool) {
  return {
    ...{ name, title, description },
    inputSchema: { type: "object" as const, ...schema },
    annotations: {
      ...{ title, readOnlyHint: isReading, destructiveHint: false, openWorldHint: false },
    },
  };
}

function told(answer: { result: object } | { error: string }) {
  if ("error" in answer) {
    return { isError: true, content: [{ type: "text" as const, text: answer.error }] };
  }
  const text = JSON.stringify(answer.result);
  // As it goes over the wire: dates are texts there.
  const structuredContent = JSON.parse(text) as Record<string, unknown>;
  return { content: [{ type: "text" as const, text }], structuredContent };
}

function nameOf(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
