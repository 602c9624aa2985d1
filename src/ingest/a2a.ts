import { randomUUID } from "node:crypto";
import type { Message, Part } from "@a2a-js/sdk";
import type { A2ARequestHandler } from "@a2a-js/sdk/server";
import { Hono } from "hono";
import type { AgentTool, ToolAnswer } from "./agent-tools.ts";
import type { Holder, HolderVariables } from "./api-key.ts";
import { onlyHolders } from "./api-key.ts";
import { jsonBody, parseJson } from "./json-body.ts";
import type { AgentRoutesOptions } from "./mcp.ts";
import { refusal } from "./mcp.ts";

const PROTOCOL_VERSION = "1.0";
const JSON_TYPE = "application/json";

/** Other agents, by the Agent2Agent protocol: one message in, one message out, and nothing is kept of either. */
export function createA2a(options: AgentRoutesOptions) {
  const { tools, holders, onRefused } = options;
  const refuse = refusal(onRefused);
  const { onlyJson, limit } = jsonBody(refuse);
  const card = agentCard(options);

  const load = () =>
    Promise.all([
      import("@a2a-js/sdk"),
      import("@a2a-js/sdk/server"),
      import("@a2a-js/sdk/errors"),
    ]);
  let loading: ReturnType<typeof load> | null = null;

  async function handle(body: unknown, holder: Holder, requestedVersion: string | undefined) {
    loading ??= load();
    const [{ AgentCard, Role }, server, errors] = await loading;
    const { JsonRpcTransportHandler, ServerCallContext, validateVersion } = server;
    const { UnsupportedOperationError, TaskNotFoundError } = errors;
    const never = () => {
      throw new UnsupportedOperationError("this agent answers messages at once and keeps no tasks");
    };
    const noTask = () => Promise.reject(new TaskNotFoundError("there are no tasks here"));
    const handler: A2ARequestHandler = {
      getAgentCard: () => Promise.resolve(AgentCard.fromJSON(card)),
      async sendMessage({ message }) {
        const answer = await answerTo(tools, message?.parts ?? [], holder);
        return { ...reply(message?.contextId ?? "", answer), role: Role.ROLE_AGENT };
      },
      // A stream, a task or an address to push to would be something to keep, or to call.
      ...{ sendMessageStream: never, resubscribe: never, listTasks: never },
      ...{ getTask: noTask, cancelTask: noTask, getAuthenticatedExtendedAgentCard: never },
      ...{ createTaskPushNotificationConfig: never, getTaskPushNotificationConfig: never },
      ...{ listTaskPushNotificationConfigs: never, deleteTaskPushNotificationConfig: never },
    };
    const context = new ServerCallContext({
      user: { isAuthenticated: true, userName: holder.name },
      ...(requestedVersion === undefined ? {} : { requestedVersion }),
    });
    try {
      validateVersion(context.requestedVersion, AgentCard.fromJSON(card), "JSONRPC");
    } catch (error) {
      const id = (body as { id?: unknown } | null)?.id ?? null;
      return { jsonrpc: "2.0", id, error: JsonRpcTransportHandler.mapToJSONRPCError(error) };
    }
    return await new JsonRpcTransportHandler(handler).handle(
      body as Record<string, unknown>,
      context,
    );
  }

  return new Hono<HolderVariables>()
    .get("/.well-known/agent-card.json", (c) => c.json(card))
    .post("/a2a", onlyHolders(holders, refuse), onlyJson, limit, async (c) => {
      const body = parseJson(await c.req.text());
      if (!body.ok) return refuse(c, 400, "body", `the body is not JSON: ${body.error}`);
      const answer = await handle(body.value, c.get("holder"), c.req.header("a2a-version"));
      return c.json(answer);
    });
}

/** A data part names the skill and its values; words alone are answered with how to ask. */
async function answerTo(
  tools: readonly AgentTool[],
  parts: readonly Part[],
  holder: Holder,
): Promise<ToolAnswer> {
  const asked = parts.flatMap(({ content }) => (content?.$case === "data" ? [content.value] : []));
  const [wanted] = asked as readonly ({ skill?: unknown; input?: unknown } | null)[];
  const tool = tools.find(({ name }) => name === wanted?.skill);
  if (tool !== undefined && asked.length === 1) return await tool.call(wanted?.input, holder);
  const names = tools.map(({ name }) => name).join(", ");
  const error = `send one data part {"skill": …, "input": {…}}; the skills are: ${names}`;
  return { ok: false, error };
}

function reply(contextId: string, answer: ToolAnswer): Omit<Message, "role"> {
  const value = answer.ok
    ? (JSON.parse(JSON.stringify({ ok: true, result: answer.result })) as object)
    : { ok: false, error: answer.error };
  return {
    ...{ messageId: randomUUID(), contextId: contextId || randomUUID(), taskId: "" },
    parts: [
      {
        content: { $case: "data", value },
        ...{ metadata: undefined, filename: "", mediaType: JSON_TYPE },
      },
    ],
    ...{ metadata: undefined, extensions: [], referenceTaskIds: [] },
  };
}

/** As it stands at its well-known address: what this agent does, for whom, and how it is asked. */
function agentCard({ tools, publicUrl, version }: AgentRoutesOptions) {
  const requirement = [{ schemes: { key: { list: [] } } }];
  return {
    name: "Countersign",
    description:
      "Incidents of these servers with their evidence. Takes proposals of whitelisted actions, which people approve or reject; no skill here can.",
    version,
    supportedInterfaces: [
      {
        ...{ url: `${publicUrl}/a2a`, tenant: "" },
        ...{ protocolBinding: "JSONRPC", protocolVersion: PROTOCOL_VERSION },
      },
    ],
    capabilities: { streaming: false, pushNotifications: false, extensions: [] },
    securitySchemes: {
      key: {
        httpAuthSecurityScheme: {
          ...{ scheme: "bearer", description: "A key of api_keys in policy.yaml" },
        },
      },
    },
    securityRequirements: requirement,
    defaultInputModes: [JSON_TYPE],
    defaultOutputModes: [JSON_TYPE],
    skills: tools.map(({ name, title, description, schema }) => ({
      ...{ id: name, name: title },
      description: `${description} Input: ${JSON.stringify(schema)}`,
      tags: ["incidents"],
      examples: [JSON.stringify({ skill: name, input: {} })],
      ...{ inputModes: [JSON_TYPE], outputModes: [JSON_TYPE], securityRequirements: requirement },
    })),
  };
}
