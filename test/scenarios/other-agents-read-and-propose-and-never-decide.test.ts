import { createHash } from "node:crypto";
import { Role } from "@a2a-js/sdk";
import { ClientFactory, ClientFactoryOptions, JsonRpcTransportFactory } from "@a2a-js/sdk/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Program } from "../harness.ts";
import { createProgram, testAlert } from "../harness.ts";

const KEY = "k3y-of-the-agent";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const POLICY = `people:
  - {name: ana, telegram: 7, roles: [viewer, operator, approver, admin]}
  - {name: ben, telegram: 8, roles: [viewer, operator, approver]}
api_keys:
  - {name: kpi-agent, sha256: ${sha256(KEY)}, may_propose: [tidy]}
  - {name: reader, sha256: ${sha256("r3ader")}}
targets: {box: {executor: command}}
`;
const RUNBOOK = `---
id: tidy
title: Tidy up
match: {alertname: Untidy}
params: {what: {from: labels.what, pattern: '[a-z]+'}}
evidence:
  - {id: here, title: Space here, probe: {executor: command, with: {argv: [/usr/bin/df, -h, /]}}}
actions:
  - id: tidy
    title: Tidy it up
    risk: low
    executor: command
    with: {argv: [/usr/bin/true, '{{params.what}}']}
    target: box
    targets: all
    verify: {probe: {executor: command, with: {argv: [/usr/bin/test, -d, /]}}, expect: {exit_code: '0'}, within: 10s}
---
# Tidy
`;
const NAMES = ["incidents", "incident", "evidence", "history", "propose", "request"];
const WISH = { runbook: "tidy", params: { what: "logs" }, target: "box", reason: "<b>now!</b>" };

async function startProgram() {
  const program = await createProgram({ policy: POLICY, runbooks: { "tidy.md": RUNBOOK } });
  await program.start();
  return program;
}

const untidy = () => ({
  labels: {
    alertname: "Untidy",
    severity: "warning",
    what: "logs",
    note: "token=abcdef0123456789",
  },
  annotations: { summary: "approve me" },
  startsAt: new Date().toISOString(),
});

type Told = { readonly isError: boolean; readonly text: string; readonly body: Body };
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came back
type Body = any;

interface Agent {
  readonly names: readonly string[];
  call(name: string, input: object): Promise<Told>;
}

async function mcpAgent({ url }: Program, key = KEY): Promise<Agent> {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  onTestFinished(() => client.close());
  const { tools } = await client.listTools();
  return {
    names: tools.map(({ name }) => name),
    async call(name, input) {
      const answer = await client.callTool({ name, arguments: { ...input } });
      const [first] = answer.content as { text: string }[];
      const text = first?.text ?? "";
      return { isError: answer.isError === true, text, body: answer.structuredContent };
    },
  };
}

async function a2aAgent({ url }: Program, key = KEY): Promise<Agent> {
  const withKey: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("authorization", `Bearer ${key}`);
    return fetch(input, { ...init, headers });
  };
  const transports = [new JsonRpcTransportFactory({ fetchImpl: withKey })];
  const factory = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports }),
  );
  const client = await factory.createFromUrl(url);
  const card = await client.getAgentCard();
  return {
    names: card.skills.map(({ id }) => id),
    async call(name, input) {
      const answer = await client.sendMessage({
        ...{ tenant: "", configuration: undefined, metadata: undefined },
        message: messageOf({ $case: "data", value: { skill: name, input } }),
      });
      if (!("parts" in answer)) throw new Error("a task came back");
      const [part] = answer.parts;
      const value: Body = part?.content?.$case === "data" ? part.content.value : {};
      return { isError: !value.ok, text: JSON.stringify(value), body: value.result };
    },
  };
}

function messageOf(content: { $case: "data"; value: unknown } | { $case: "text"; value: string }) {
  return {
    ...{ messageId: "m1", contextId: "", taskId: "", role: Role.ROLE_USER },
    parts: [{ content, metadata: undefined, filename: "", mediaType: "" }],
    ...{ metadata: undefined, extensions: [], referenceTaskIds: [] },
  };
}

describe.each([
  ["MCP", mcpAgent],
  ["A2A", a2aAgent],
])("over %s an agent", (_, connect) => {
  it("P1 P7 reads incidents and evidence, and proposes what people decide", async () => {
    const program = await startProgram();
    await (await program.signIn("ana")).enableAutohealing();
    const other = await program.raise({ ...testAlert("critical") });
    await program.untilStory(other, ({ requests }) => requests.length > 0);
    const agent = await connect(program);

    expect(agent.names).toEqual(NAMES);
    const listed = await agent.call("incidents", { state: "unresolved" });
    expect(listed.body).toMatchObject({ total: 1, incidents: [{ id: other, state: "open" }] });

    const proposed = await agent.call("propose", { ...WISH, idempotency_key: "a-1" });
    expect(proposed).toMatchObject({ isError: false, body: { verdict: "ask" } });
    const again = await agent.call("propose", { ...WISH, idempotency_key: "a-1" });
    expect(again.body.request).toBe(proposed.body.request);
    const { incident, request, planCode } = proposed.body;
    const story = await program.story(incident);
    // Low, and auto-healing is on: a program's wish asks all the same.
    expect(story.requests).toMatchObject([
      { id: request, state: "pending", requester: "api:kpi-agent", words: "<b>now!</b>" },
    ]);

    const read = await agent.call("incident", { incident });
    expect(read.body).toMatchObject({ id: incident, requests: [{ request, state: "pending" }] });
    expect(read.text).not.toContain(planCode);
    expect((await agent.call("request", { request })).body).toMatchObject({ state: "pending" });
    expect((await agent.call("history", { words: "tidy" })).body).toMatchObject({
      incidents: [{ id: incident, requests: [{ target: "box" }] }],
    });
    const missing = await agent.call("incident", { incident: "inc_000000000000" });
    expect(missing).toMatchObject({ isError: true });
  });

  it("T33 sees evidence without secrets", async () => {
    const program = await startProgram();
    const incident = await program.raise(untidy());
    await program.untilStory(incident, ({ evidence }) => evidence.length > 0);
    const agent = await connect(program, "r3ader");

    const { body } = await agent.call("evidence", { incident });
    expect(body.evidence[0]).toMatchObject({ id: "E1", title: "Space here", status: "found" });
    const { text } = await agent.call("incident", { incident });
    expect(text).toContain("approve me");
    expect(text).not.toContain("abcdef0123456789");
  });

  it("P1 P5 T51 finds nothing that approves, rejects, edits, runs or silences, whatever it calls it", async () => {
    const program = await startProgram();
    const incident = await program.raise(untidy());
    const request = await program.untilRequest(incident, "pending");
    const agent = await connect(program);
    const { planCode, id } = request;
    const before = JSON.stringify(await program.story(incident));

    const inputs = [{ plan_code: planCode }, { request: id }, { text: `/approve ${planCode}` }, {}];
    for (const name of [
      ...["approve", "reject", "decide", "edit", "run", "execute", "undo", "ack", "silence"],
      ...["enable_autohealing", "command", "constructor", "__proto__", "toString"],
    ]) {
      for (const input of inputs)
        expect(await agent.call(name, input)).toMatchObject({ isError: true });
    }
    for (const name of NAMES) {
      const sneaky = { ...WISH, decision: "approve", planCode, approve: true, incident };
      expect(await agent.call(name, sneaky)).toMatchObject({ isError: true });
    }
    // None of its own, and none that its key may not propose.
    expect((await agent.call("request", { request: id })).isError).toBe(true);
    expect((await agent.call("propose", { runbook: "test-alert" })).text).toContain(
      "may not propose",
    );

    expect(agent.names).toEqual(NAMES);
    expect(JSON.stringify(await program.story(incident))).toBe(before);
  });
});

it.each(["/mcp", "/a2a"])(
  "T15 %s wants a key of the policy, and says nothing without",
  async (path) => {
    const program = await startProgram();
    const call = async (headers: Record<string, string>, body = "{}") =>
      await fetch(`${program.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });

    for (const authorization of [
      "",
      "Bearer ",
      "Bearer x",
      `Bearer ${sha256(KEY)}`,
      `Basic ${KEY}`,
    ]) {
      const answer = await call({ authorization });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ error: { message: /a key of api_keys/ } });
    }
    expect((await call({ "x-api-key": KEY })).status).toBe(401);
    expect(
      (await call({ authorization: `Bearer ${KEY}`, "content-type": "text/plain" })).status,
    ).toBe(415);
    expect((await call({ authorization: `Bearer ${KEY}` }, "no json")).status).toBe(400);
    program.writeRunbook("policy.yaml", "people: [");
    expect((await call({ authorization: `Bearer ${KEY}` })).status).toBe(503);
    expect((await fetch(`${program.url}/mcp`)).status).toBe(405);
  },
);

it("T24 A2A keeps no task, streams nothing and takes no address to push to", async () => {
  const program = await startProgram();
  const rpc = async (method: string, params: object, version = "1.0"): Promise<Body> => {
    const response = await fetch(`${program.url}/a2a`, {
      method: "POST",
      headers: {
        ...{ "content-type": "application/json", authorization: `Bearer ${KEY}` },
        "a2a-version": version,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    return await response.json();
  };
  const message = {
    ...{ messageId: "m", role: "ROLE_USER", parts: [{ text: "approve everything, please" }] },
  };
  const push = { url: "http://169.254.169.254/", taskId: "t", id: "p" };

  const words = await rpc("SendMessage", {
    message,
    configuration: { taskPushNotificationConfig: push },
  });
  expect(JSON.stringify(words.result.message.parts)).toContain("the skills are: incidents");
  for (const method of [
    ...["SendStreamingMessage", "SubscribeToTask", "GetTask", "ListTasks", "CancelTask"],
    ...["CreateTaskPushNotificationConfig", "ListTaskPushNotificationConfigs", "Approve"],
  ]) {
    const answer = await rpc(method, { message, ...push });
    expect([method, answer]).toMatchObject([method, { error: { code: expect.any(Number) } }]);
  }
  expect(await rpc("SendMessage", { message }, "0.3")).toMatchObject({ error: { code: -32009 } });
});
