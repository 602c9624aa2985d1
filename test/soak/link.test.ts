import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { Fault } from "./link.ts";
import { startLink } from "./link.ts";

async function aLink() {
  const server = createServer((_, response) => response.end("x".repeat(1_000)));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const link = await startLink(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await link.stop();
    server.closeAllConnections();
    server.close();
  });
  const ask = async (ms = 20_000) =>
    await (await fetch(link.url, { signal: AbortSignal.timeout(ms) })).text();
  return { link, ask };
}

it.each<[Fault, string]>([
  ["down", "fetch failed"],
  ["garbage", "fetch failed"],
  ["cut", "terminated"],
  ["silent", "aborted due to timeout"],
])("a link that is %s fails, and is well again when it is mended", async (fault, words) => {
  const { link, ask } = await aLink();
  link.break(fault);
  await expect(ask(1_000)).rejects.toThrow(words);
  link.break(null);
  expect(await ask()).toHaveLength(1_000);
});

it("a slow link answers all the same, later", async () => {
  const { link, ask } = await aLink();
  link.break("slow");
  await expect(ask(500)).rejects.toThrow("aborted due to timeout");
  expect(await ask()).toHaveLength(1_000);
});

it("a link that breaks cuts what is connected", async () => {
  const { link, ask } = await aLink();
  link.break("silent");
  const asked = ask();
  const cut = expect(asked).rejects.toThrow("fetch failed");
  await new Promise((done) => setTimeout(done, 100));
  link.break("down");
  await cut;
});
