import { expect, it } from "vitest";
import type { Lab } from "./lab.ts";
import { createLab, KEY } from "./lab.ts";

async function listen(
  lab: Lab,
  headers: Record<string, string> = { cookie: "countersign_session=session-of-ana-0000" },
) {
  const abort = new AbortController();
  const response = await lab.console.app.request("/api/events", {
    headers,
    signal: abort.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    response,
    abort,
    async until(part: string): Promise<string> {
      while (!text.includes(part)) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error(`the stream ended before ${part}`);
        text += value;
      }
      return text;
    },
    async end(): Promise<string> {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) return text;
        text += value;
      }
    },
  };
}

it("T14 streams nothing without a session", async () => {
  const lab = createLab();

  const response = await lab.get("/api/events", { cookie: "" });

  expect(response.status).toBe(401);
  expect(lab.listeners.size).toBe(0);
});

it("T15 streams to a program that shows its key, and to none with another", async () => {
  const lab = createLab();
  const stream = await listen(lab, { authorization: `Bearer ${KEY}` });
  await stream.until(": connected");
  const other = { cookie: "", authorization: `Bearer ${KEY}x` };

  expect((await lab.get("/api/events", other)).status).toBe(401);
  expect(lab.listeners.size).toBe(1);
  lab.console.close();
});

it("streams changes by name with incident and version, and beats in between", async () => {
  const lab = createLab();
  const stream = await listen(lab);
  await stream.until(": connected");

  lab.emit({ name: "incident", incidentId: "inc_1", version: 4 });
  lab.emit({ name: "status" });

  const text = await stream.until(": heartbeat");
  expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
  expect(text).toContain('event: incident\ndata: {"id":"inc_1","version":4}\n\n');
  expect(text).toContain("event: status\n");
  lab.console.close();
});

it("tells a slow page only the newest of many changes of one incident", async () => {
  const lab = createLab();
  const stream = await listen(lab);
  await stream.until(": connected");

  for (let version = 1; version <= 500; version++) {
    lab.emit({ name: "incident", incidentId: "inc_1", version });
  }

  const text = await stream.until('"version":500');
  expect(text.match(/event: incident/g)?.length).toBeLessThan(5);
  lab.console.close();
});

it("ends with the session", async () => {
  const lab = createLab();
  const stream = await listen(lab);
  await stream.until(": connected");

  lab.isSessionOver = true;
  await stream.end();

  expect(lab.listeners.size).toBe(0);
});

it("ends when the page is left", async () => {
  const lab = createLab();
  const stream = await listen(lab);
  await stream.until(": connected");

  stream.abort.abort();
  await stream.end().catch(() => "");

  expect(lab.listeners.size).toBe(0);
});

it("ends when the program stops, and takes no new ones", async () => {
  const lab = createLab();
  const stream = await listen(lab);
  await stream.until(": connected");

  lab.console.close();
  await stream.end();

  expect(lab.listeners.size).toBe(0);
  expect((await lab.get("/api/events")).status).toBe(503);
});
