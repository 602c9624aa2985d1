import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Hono } from "hono";
import { expect, it, onTestFinished } from "vitest";
import { close, listen } from "../src/server.ts";

async function startServer(requestMs: number): Promise<number> {
  const app = new Hono().post("/webhook", async (c) => c.text(await c.req.text()));
  const server = await listen(app, { host: "127.0.0.1", port: 0 }, requestMs);
  onTestFinished(() => close(server));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens nowhere");
  return address.port;
}

async function say(port: number, words: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(words);
  return await text(socket);
}

it("P10 asks a sender whose request did not arrive in time to come again: a 4xx would be a final no", async () => {
  const port = await startServer(200);

  const answer = await say(port, "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le");

  expect(answer).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: 5\r\n/);
});

it("P10 likewise where the body does not arrive in time", async () => {
  const port = await startServer(200);
  const head = "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n";

  expect(await say(port, `${head}half`)).toMatch(/^HTTP\/1\.1 503 /);
});

it("says 400 to what is no request", async () => {
  expect(await say(await startServer(5_000), "hello?\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
});
