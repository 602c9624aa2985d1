import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createDeadman, MISSING } from "../src/deadman.ts";
import { createPing } from "../src/ping.ts";
import { parsePolicy } from "../src/remediation/parse-policy.ts";
import type { Policy } from "../src/remediation/policy.ts";
import type { Lab } from "./store/lab.ts";
import { aGroup, anIncoming, createLab, MINUTE } from "./store/lab.ts";

const POLICY = policyOf("alerts: {ignore: [{alertname: Watchdog, deadman: 15m}]}\n");
const watchdog = { alertname: "Watchdog", severity: "none" };

function policyOf(text: string): Policy {
  const around = { adminIds: { telegram: [], slack: [] }, dataDir: "/data" };
  const parsed = parsePolicy("policy.yaml", Buffer.from(text), around);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

function open(lab: Lab, policy: () => Policy | null = () => POLICY) {
  const { store, now } = lab;
  return createDeadman({
    policy,
    accept: store.intake.accept,
    heard: store.heard,
    isOpen: async (name) =>
      (await store.views.openAlerts(null)).some(
        (alert) => alert.name === MISSING && alert.instance === name,
      ),
    now,
    onFailure: (error) => {
      throw error;
    },
  });
}

const firing = async (lab: Lab) => (await lab.store.views.openAlerts(null)).map(({ name }) => name);
const group = (lab: Lab, status: "firing" | "resolved" = "firing") => ({
  ...aGroup([anIncoming({ status, startsAt: new Date(1) }, watchdog)]),
  receivedAt: lab.now(),
});

it("T74 makes an incident of an always firing alert that has stopped coming, and ends it when it comes again", async () => {
  const lab = createLab();
  const deadman = open(lab);
  const [accepted] = await deadman.accept([group(lab)]);
  expect(accepted).toMatchObject({ received: 1, fresh: 0, deduplicated: 1, incidents: [] });
  expect(await firing(lab)).toEqual([]);

  lab.pass(15 * MINUTE);
  await deadman.look();
  expect(await firing(lab)).toEqual([]);
  expect(await deadman.check()).toMatch(/^Watchdog came 2026/);

  lab.pass(1);
  await deadman.look();
  await deadman.look();
  expect(await firing(lab)).toEqual([MISSING]);
  await expect(deadman.check()).rejects.toThrow(/^does not come any more: Watchdog \(last seen/);

  await deadman.accept([group(lab)]);
  expect(await firing(lab)).toEqual([]);
  expect(lab.count("incidents")).toBe(1);
  expect(lab.kinds()).toContain("incident.resolved");
});

it("T74 takes no drill for a sign of life", async () => {
  const lab = createLab();
  const deadman = open(lab);
  await deadman.accept([group(lab)]);
  lab.pass(15 * MINUTE + 1);

  const [accepted] = await deadman.accept([{ ...group(lab), source: "drill" }]);
  await deadman.look();

  expect(accepted).toMatchObject({ fresh: 1, deduplicated: 0 });
  expect(await firing(lab)).toContain(MISSING);
});

it("T74 misses nothing that never came, and nobody while the program itself was away", async () => {
  const lab = createLab();
  await open(lab).look();
  await open(lab).accept([group(lab)]);
  lab.pass(60 * MINUTE);
  const afterRestart = open(lab);

  await afterRestart.look();
  expect(await firing(lab)).toEqual([]);

  lab.pass(15 * MINUTE + 1);
  await afterRestart.look();
  expect(await firing(lab)).toEqual([MISSING]);
});

it("T74 ends after a restart what it said before it", async () => {
  const lab = createLab();
  const before = open(lab);
  await before.accept([group(lab)]);
  lab.pass(16 * MINUTE);
  await before.look();
  expect(await firing(lab)).toEqual([MISSING]);

  await open(lab).accept([group(lab)]);

  expect(await firing(lab)).toEqual([]);
});

it("takes all other alerts of the same body, and every alert while the policy can't be read", async () => {
  const lab = createLab();
  let policy: Policy | null = POLICY;
  const deadman = open(lab, () => policy);
  const both = aGroup([anIncoming({}, watchdog), anIncoming({}, { alertname: "HighCPU" })]);

  const [accepted] = await deadman.accept([both]);
  expect(accepted).toMatchObject({ received: 2, fresh: 1, deduplicated: 1 });
  expect(await firing(lab)).toEqual(["HighCPU"]);

  policy = null;
  await deadman.accept([group(lab)]);
  expect((await firing(lab)).toSorted()).toEqual(["HighCPU", "Watchdog"]);
});

async function listen(status: number) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function pingTo(url: string, isWell: () => Promise<boolean>) {
  const said: string[] = [];
  const log = { warn: (_: object, message: string) => void said.push(message) };
  return { said, ...createPing({ url, isWell, now: () => new Date(0), log }) };
}

it("T74 tells somebody outside that it lives, and says nothing while it does not", async () => {
  const { asked, url } = await listen(200);
  let isAlive = true;
  const ping = pingTo(`${url}/s3cret`, async () => isAlive);

  await ping.turn();
  expect(asked).toEqual(["/s3cret"]);
  expect(ping.check()).toMatch(/^DEADMAN_PING_URL answered 1970/);

  isAlive = false;
  await ping.turn();
  expect(asked).toHaveLength(1);
});

it("T78 says that the address outside does not answer, without the address", async () => {
  const { url } = await listen(404);
  const ping = pingTo(`${url}/s3cret`, async () => true);
  const unreachable = pingTo("http://127.0.0.1:1/s3cret", async () => true);
  await ping.turn();
  await unreachable.turn();

  expect(() => ping.check()).toThrow("DEADMAN_PING_URL answers 404");
  expect(() => unreachable.check()).toThrow("DEADMAN_PING_URL can't be reached");
  expect([...ping.said, ...unreachable.said].join()).not.toMatch(/s3cret|127\.0\.0\.1/);
});
