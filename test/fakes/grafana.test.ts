import { expect, it, onTestFinished } from "vitest";
import { startFakeGrafana } from "./grafana.ts";

const AT = 1_772_334_000_000;
const WHOLE = { time: AT, timeEnd: AT + 1, tags: ["a", "b"], text: "x" };

async function send(method: string, path: string, body?: unknown, token?: string) {
  const grafana = await startFakeGrafana();
  onTestFinished(() => grafana.stop());
  const ask = (how: string, where: string, json?: unknown) =>
    fetch(grafana.url + where, {
      method: how,
      headers: { authorization: `Bearer ${token ?? grafana.token}` },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  await ask("POST", "/api/annotations", WHOLE);
  return { status: (await ask(method, path, body)).status, all: grafana.annotations() };
}

it("adds, changes and finds by all of the tags", async () => {
  expect(await send("POST", "/api/annotations", WHOLE)).toMatchObject({
    status: 200,
    all: [{ id: 1 }, { id: 2 }],
  });
  expect(await send("PATCH", "/api/annotations/1", { ...WHOLE, text: "y" })).toMatchObject({
    status: 200,
    all: [{ id: 1, text: "y" }],
  });
});

it.each([
  ["seconds for milliseconds", "POST", "/api/annotations", { ...WHOLE, time: AT / 1000 }, 400],
  ["no text", "POST", "/api/annotations", { ...WHOLE, text: "" }, 400],
  ["tags that are no texts", "POST", "/api/annotations", { ...WHOLE, tags: [1] }, 400],
  ["an annotation that is not there", "PATCH", "/api/annotations/9", WHOLE, 404],
  ["another path", "GET", "/api/annotation", undefined, 404],
])("refuses %s", async (_, method, path, body, status) => {
  expect((await send(method, path, body)).status).toBe(status);
});

it("lets a viewer read and not write, and nobody else in", async () => {
  expect((await send("GET", "/api/annotations", undefined, "glsa_viewer")).status).toBe(200);
  expect((await send("POST", "/api/annotations", WHOLE, "glsa_viewer")).status).toBe(403);
  expect((await send("GET", "/api/annotations", undefined, "other")).status).toBe(401);
});
