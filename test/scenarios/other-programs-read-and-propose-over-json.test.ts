import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { expect, it } from "vitest";
import { createProgram, testAlert } from "../harness.ts";
import { expectDescribed } from "../ingest/described.ts";

const KEY = "k3y-of-the-dashboard";
const POLICY = `people:
  - {name: owner, telegram: 7, roles: [viewer, operator, approver, admin]}
api_keys:
  - {name: dashboard, sha256: ${createHash("sha256").update(KEY).digest("hex")}}
targets: {sandbox: {executor: command, aliases: [test-instance]}}
`;
const HOLDER = { authorization: `Bearer ${KEY}` };

async function startProgram() {
  const program = await createProgram({ policy: POLICY });
  await program.start();
  const { url } = program;
  async function read(path: string, headers: Record<string, string> = HOLDER) {
    const response = await fetch(`${url}${path}`, { headers });
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came back
    const body = (await response.json()) as any;
    expectDescribed("GET", path, response.status, body);
    return { status: response.status, body };
  }
  return { program, url, read };
}

it("T13 T14 T15 a program reads with its key, a person with the session of a browser, nobody without", async () => {
  const { program, url, read } = await startProgram();
  const incident = await program.raise(testAlert("critical"));
  const owner = await program.signIn();
  const session = { cookie: owner.cookie() };
  await program.untilRequest(incident, "pending");

  for (const headers of [HOLDER, session]) {
    const { body } = await read("/api/incidents?words=TestAlert&limit=1", headers);
    expect(body.incidents.map(({ id }: { id: string }) => id)).toEqual([incident]);
    for (const path of ["requests", "executions", "runbooks", "runbooks/test-alert", "statistics"])
      expect((await read(`/api/${path}`, headers)).status).toBe(200);
  }
  for (const path of [`/api/incidents/${incident}`, "/api/statistics", "/api/requests"])
    expect((await read(path, {})).status).toBe(401);

  const body = JSON.stringify({ runbook: "test-alert" });
  const forged = { ...session, "content-type": "application/json", origin: url };
  const answer = await fetch(`${url}/api/proposals`, { method: "POST", headers: forged, body });
  expect(answer.status).toBe(401);
});

it("streams changes to a key, counts to everybody, and nothing under a name that is not ours", async () => {
  const { program, url } = await startProgram();
  const abort = new AbortController();
  const live = await fetch(`${url}/api/events`, { headers: HOLDER, signal: abort.signal });
  const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await fetch(`${url}/api/events`)).status).toBe(401);

  await program.raise(testAlert("critical"));
  let told = "";
  while (!told.includes("event: incident")) told += (await reader?.read())?.value ?? "";
  abort.abort();

  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(document.paths)).toContain("/api/incidents");
  const status = (await (await fetch(`${url}/api/status`)).json()) as object;
  expect(status).toMatchObject({ openIncidents: 1 });
  expect(await statusUnder("evil.example", `${url}/api/status`)).toBe(421);
});

/** What a page elsewhere would get that has made its own name lead here. */
function statusUnder(host: string, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject).end();
  });
}
