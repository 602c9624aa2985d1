import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Command, Target } from "../remediation/proposal.ts";
import { firstBytes } from "./clean-output.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction, NothingToDo } from "./execution.ts";
import { ServiceUnreachable } from "./http-client.ts";
import { parseWith } from "./parse-with.ts";
import type { Guest, ProxmoxAccess, ProxmoxApi } from "./proxmox-api.ts";
import { createProxmoxApi, ProxmoxRefused } from "./proxmox-api.ts";
import { StopTimeout } from "./stop-timeout.ts";

const LOOK_TIMEOUT_MS = 10_000;
const POLL_MS = 1000;
const FIRST_POLL_MS = 200;
const MAX_TEXT_BYTES = 4096;

/** `lxc:105` or `vm:101`: cluster-wide numbers, so that a guest may move to another node. */
const GUEST = /^(?<kind>lxc|vm):(?<id>[1-9]\d{2,8})$/;

const Action = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("start") }),
  z.strictObject({ op: z.literal("reboot"), timeout: StopTimeout.default(60) }),
  z.strictObject({
    op: z.literal("shutdown"),
    timeout: StopTimeout.default(60),
    /** The power is cut where the guest has not gone down by then. */
    force: z.boolean().default(false),
  }),
]);
type Action = z.output<typeof Action>;
const Probe = z.strictObject({ op: z.literal("state") });

type Order = Extract<Command, { kind: "http" }>;

/** Containers and virtual machines of a Proxmox VE cluster, by an API token. */
export function createProxmoxExecutor(access: ProxmoxAccess | null): Executor {
  const api = createProxmoxApi(access);
  const describe = (action: Readonly<Record<string, unknown>>, target: Target) =>
    orderOf(api, parseWith(Action, action), numberOf(target), null);
  return {
    name: "proxmox",
    describe,
    pin: (action, target) => pin(api, parseWith(Action, action), numberOf(target)),
    run: (command, limits) => run(api, command, limits),
    describeProbe: (probed, target) => {
      parseWith(Probe, probed);
      numberOf(target);
      return { kind: "http", origin: api.origin, method: "GET", path: api.listPath, body: null };
    },
    probe: (probed, target) => probe(api, probed, target),
    check: () => check(api),
  };
}

interface Numbered {
  readonly kind: "lxc" | "qemu";
  readonly id: number;
}

function numberOf({ name, host }: Target): Numbered {
  const { kind, id } = GUEST.exec(host)?.groups ?? {};
  if (kind === undefined || id === undefined) {
    throw new InvalidAction(`${name} needs its guest as host, such as lxc:105 or vm:101`);
  }
  return { kind: kind === "vm" ? "qemu" : "lxc", id: Number(id) };
}

/** Before anybody looked, the node is unknown: such an order can't be run. */
function orderOf(api: ProxmoxApi, action: Action, number: Numbered, guest: Guest | null): Order {
  const node = guest?.node ?? "{node}";
  const { op, ...rest } = action;
  const body = "timeout" in rest ? bodyOf(rest) : null;
  return {
    kind: "http",
    origin: api.origin,
    method: "POST",
    path: `/api2/json/nodes/${node}/${number.kind}/${number.id}/status/${op}`,
    body,
    ...(guest === null ? {} : { meant: `${guest.name} on ${guest.node}` }),
  };
}

function bodyOf({ timeout, force = false }: { timeout: number; force?: boolean }) {
  return { timeout, ...(force ? { forceStop: 1 } : {}) };
}

async function pin(api: ProxmoxApi, action: Action, number: Numbered) {
  try {
    const guest = await api.findGuest(number, { timeoutMs: LOOK_TIMEOUT_MS });
    return { command: orderOf(api, action, number, guest), detail: null };
  } catch (error) {
    if (isRefusal(error)) throw new NothingToDo(error.message, { cause: error });
    throw error;
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof ProxmoxRefused || error instanceof ServiceUnreachable;
}

type Ending = readonly [RunResult["outcome"], string];

async function run(api: ProxmoxApi, command: Command, limits: RunLimits): Promise<RunResult> {
  const order = parseOrder(api, command);
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);
  const [outcome, text] = await carryOut(api, order, limits, elapsedMs);
  const output = firstBytes(text, MAX_TEXT_BYTES);
  return { outcome, exitCode: null, output, isTruncated: false, durationMs: elapsedMs() };
}

const ORDER_PATH =
  /^\/api2\/json\/nodes\/[A-Za-z0-9][A-Za-z0-9.-]*\/(?<kind>lxc|qemu)\/(?<id>\d{3,9})\/status\/(?<op>[a-z]+)$/;
const Body = z.strictObject({ timeout: z.int(), forceStop: z.literal(1).optional() }).nullable();

interface Ordered {
  readonly order: Order;
  readonly number: Numbered;
  readonly op: string;
}

/** A stored plan is read again here: only what `pin` can have written is ever sent. */
function parseOrder(api: ProxmoxApi, command: Command): Ordered {
  const refused = new InvalidAction(
    "the proxmox executor only starts, shuts down and reboots guests",
  );
  if (command.kind !== "http" || command.meant === undefined) throw refused;
  const { kind, id, op } = ORDER_PATH.exec(command.path)?.groups ?? {};
  const body = Body.safeParse(command.body);
  if (!body.success) throw refused;
  const { timeout, forceStop } = body.data ?? {};
  const action = Action.safeParse({
    op,
    ...(timeout === undefined ? {} : { timeout: `${timeout}s` }),
    ...(forceStop === undefined ? {} : { force: true }),
  });
  if (!action.success || (kind !== "lxc" && kind !== "qemu")) throw refused;
  const number = { kind, id: Number(id) } as const;
  const [name = "", node = ""] = command.meant.split(" on ");
  const again = orderOf(api, action.data, number, { name, node, status: "" });
  if (!isDeepStrictEqual(again, command)) throw refused;
  return { order: command, number, op: action.data.op };
}

async function carryOut(
  api: ProxmoxApi,
  { order, number, op }: Ordered,
  limits: RunLimits,
  elapsedMs: () => number,
): Promise<Ending> {
  const leftMs = () => limits.timeoutMs - elapsedMs();
  const within = () => ({ ...limits, timeoutMs: Math.min(LOOK_TIMEOUT_MS, Math.max(1, leftMs())) });
  let task: string | null = null;
  try {
    const guest = await api.findGuest(number, within());
    if (`${guest.name} on ${guest.node}` !== order.meant) {
      return [
        "failed",
        `${order.meant} is now ${guest.name} on ${guest.node}. Nothing was changed.`,
      ];
    }
    task = await api.order(order.path, order.body as Record<string, number> | null, within());
    return await follow(
      api,
      { task, node: guest.node, name: `${guest.name}: ${op}` },
      within,
      leftMs,
    );
  } catch (error) {
    return endingOfFailure(error, task);
  }
}

/** A node that does not answer for a moment has not ended its task. */
async function follow(
  api: ProxmoxApi,
  { task, node, name }: { task: string; node: string; name: string },
  within: () => RunLimits,
  leftMs: () => number,
): Promise<Ending> {
  for (let pause = FIRST_POLL_MS; leftMs() > 0; pause = POLL_MS) {
    await delay(Math.min(pause, Math.max(1, leftMs())), undefined, stopBy(within()));
    const end = await api.endOf(node, task, within()).catch((error: unknown) => {
      if (isRefusal(error) && within().signal?.aborted !== true) return null;
      throw error;
    });
    if (end !== null) return endingOf(name, end);
  }
  return ["timed_out", `${name} was begun, and its task goes on: ${task}`];
}

function stopBy({ signal }: RunLimits) {
  return signal === undefined ? {} : { signal };
}

function endingOf(name: string, end: string): Ending {
  if (end === "OK") return ["succeeded", `${name} done.`];
  if (/^WARNINGS: \d+$/.test(end)) return ["succeeded", `${name} done, with ${end.toLowerCase()}.`];
  return ["failed", `${name} failed: ${end}`];
}

function endingOfFailure(error: unknown, task: string | null): Ending {
  const isStop = error instanceof Error && error.name === "AbortError";
  if (!isStop && !isRefusal(error)) throw error;
  const why = isStop ? "It was stopped" : error.message;
  if (task !== null) return ["unknown", `${why}. The task was begun: ${task}`];
  return error instanceof ServiceUnreachable && error.mayHaveActed
    ? ["unknown", `${why}. The request had been sent: it may have taken effect.`]
    : ["failed", `${why}. Nothing was changed.`];
}

async function probe(
  api: ProxmoxApi,
  probed: Readonly<Record<string, unknown>>,
  target: Target,
): Promise<ProbeResult> {
  parseWith(Probe, probed);
  try {
    const guest = await api.findGuest(numberOf(target), { timeoutMs: LOOK_TIMEOUT_MS });
    const { name, node, status } = guest;
    return {
      status: "found",
      facts: { state: status, name, node },
      text: `${name} on ${node}: ${status}`,
    };
  } catch (error) {
    if (isRefusal(error)) return { status: "missing", text: `${error.message}.` };
    throw error;
  }
}

async function check(api: ProxmoxApi): Promise<string> {
  const version = await api.version({ timeoutMs: LOOK_TIMEOUT_MS });
  return `Proxmox VE ${version} at ${api.origin}`;
}
