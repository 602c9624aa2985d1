import { z } from "zod";
import type { Command } from "../remediation/proposal.ts";
import { cleanOutput, firstBytes, lastBytes } from "./clean-output.ts";
import type { DockerApi, DockerResponse } from "./docker-api.ts";
import { createDockerApi, EngineUnreachable } from "./docker-api.ts";
import { readLog } from "./docker-log.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction } from "./execution.ts";
import { parseWith } from "./parse-with.ts";
import { StopTimeout } from "./stop-timeout.ts";

const PROBE_TIMEOUT_MS = 5000;
const MAX_TEXT_BYTES = 4096;

const NAME = "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}";

const ContainerName = z
  .string()
  .regex(new RegExp(`^${NAME}$`), "must be the exact name of a container");

const Action = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.enum(["restart", "stop"]),
    container: ContainerName,
    timeout: StopTimeout.optional(),
  }),
  z.strictObject({ op: z.literal("start"), container: ContainerName }),
]);

const ORDER_PATH = new RegExp(
  `^/containers/(?<container>${NAME})/(?<op>start|stop|restart)(?:(?<!/start)\\?t=\\d{1,3})?$`,
);

const Probe = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("inspect"), container: ContainerName }),
  z.strictObject({
    op: z.literal("logs"),
    container: ContainerName,
    tail: z.coerce.number().int().min(1).max(500).default(20),
  }),
]);

/** The parts of an inspected container that are read; engines differ in what they leave out. */
const Container = z.object({
  Name: z.string(),
  RestartCount: z.number().default(0),
  State: z.object({
    Status: z.string(),
    Running: z.boolean().optional(),
    ExitCode: z.number().default(0),
    StartedAt: z.string().default(""),
    Health: z.object({ Status: z.string().default("") }).nullish(),
  }),
  Config: z.object({ Image: z.string().default(""), Tty: z.boolean().default(false) }),
});
type Container = z.infer<typeof Container>;

const Version = z.object({ Version: z.string(), ApiVersion: z.string() });

/** Nothing was changed, and why: the container isn't there, or is not the one that was named. */
class ContainerRefused extends Error {
  override readonly name = "ContainerRefused";
}

/** Containers of one engine, over its API. `host` is what DOCKER_HOST would be, `certPath` DOCKER_CERT_PATH. */
export function createDockerExecutor({
  host,
  certPath = null,
}: {
  readonly host: string;
  readonly certPath?: string | null;
}): Executor {
  const api = createDockerApi(host, certPath);
  return {
    name: "docker",
    describe,
    describeProbe,
    run: (command, limits) => run(api, command, limits),
    probe: (probed) => probe(api, probed),
    check: () => check(api, host),
  };
}

function describe(action: Readonly<Record<string, unknown>>): Command {
  const parsed = parseWith(Action, action);
  const query = "timeout" in parsed && parsed.timeout !== undefined ? `?t=${parsed.timeout}` : "";
  const path = `/containers/${parsed.container}/${parsed.op}${query}`;
  return { kind: "http", method: "POST", path, body: null };
}

function describeProbe(probed: Readonly<Record<string, unknown>>): Command {
  return { kind: "http", method: "GET", path: pathOf(parseWith(Probe, probed)), body: null };
}

function pathOf(probed: z.infer<typeof Probe>): string {
  return probed.op === "inspect"
    ? `/containers/${probed.container}/json`
    : `/containers/${probed.container}/logs?stdout=1&stderr=1&tail=${probed.tail}`;
}

async function run(api: DockerApi, command: Command, limits: RunLimits): Promise<RunResult> {
  const order = parseOrder(command);
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);

  const [outcome, text] = await carryOut(api, order, limits, elapsedMs);

  const output = firstBytes(cleanOutput(text), MAX_TEXT_BYTES);
  return { outcome, exitCode: null, output, isTruncated: false, durationMs: elapsedMs() };
}

interface Order {
  readonly path: string;
  readonly container: string;
  readonly op: string;
}

type Ending = readonly [RunResult["outcome"], string];

async function carryOut(
  api: DockerApi,
  { path, container, op }: Order,
  limits: RunLimits,
  elapsedMs: () => number,
): Promise<Ending> {
  try {
    await inspect(api, container, limits);
    const timeoutMs = Math.max(1, limits.timeoutMs - elapsedMs());
    const answer = await api.ask({ method: "POST", path, ...limits, timeoutMs });
    return endingOf(answer, container, op);
  } catch (error) {
    if (error instanceof ContainerRefused)
      return ["failed", `${error.message}. Nothing was changed.`];
    if (!(error instanceof EngineUnreachable)) throw error;
    return error.mayHaveActed
      ? ["unknown", `${error.message}\nThe request had been sent: it may have taken effect.`]
      : ["failed", `${error.message}\nNothing was changed.`];
  }
}

/** A stored plan is read again here: only what `describe` can have written is ever sent. */
function parseOrder(command: Command): Order {
  const path = command.kind === "http" && command.method === "POST" ? command.path : "";
  const { container, op } = ORDER_PATH.exec(path)?.groups ?? {};
  if (container === undefined || op === undefined) {
    throw new InvalidAction("the docker executor only starts, stops and restarts containers");
  }
  return { path, container, op };
}

function endingOf(answer: DockerResponse, container: string, op: string): Ending {
  if (answer.status === 204) return ["succeeded", `${container}: ${op} done.`];
  if (answer.status === 304) return ["succeeded", `${container}: nothing to do for ${op}.`];
  return ["failed", `${container}: ${op} failed. ${errorText(answer)}`];
}

/** What the engine itself says of this container, and of no other that the name could also mean (T41). */
async function inspect(api: DockerApi, name: string, limits: RunLimits): Promise<Container> {
  const path = `/containers/${name}/json`;
  const answer = await api.ask({ method: "GET", path, ...limits });
  if (answer.status === 404) throw new ContainerRefused(`There is no container ${name}`);
  if (answer.status !== 200) throw new ContainerRefused(errorText(answer));

  const parsed = Container.safeParse(parseJson(answer.body));
  if (!parsed.success) throw new ContainerRefused(`The engine's answer on ${name} is not readable`);
  if (parsed.data.Name !== `/${name}`) {
    const other = parsed.data.Name.replace(/^\//, "");
    throw new ContainerRefused(`${name} is not the exact name of a container: that is ${other}`);
  }
  return parsed.data;
}

async function probe(
  api: DockerApi,
  probed: Readonly<Record<string, unknown>>,
): Promise<ProbeResult> {
  const parsed = parseWith(Probe, probed);
  try {
    const found = await inspect(api, parsed.container, { timeoutMs: PROBE_TIMEOUT_MS });
    if (parsed.op === "inspect") return readState(found);

    const path = pathOf(parsed);
    const answer = await api.ask({ method: "GET", path, timeoutMs: PROBE_TIMEOUT_MS });
    if (answer.status !== 200) return { status: "missing", text: errorText(answer) };
    const log = cleanOutput(readLog(answer.body, found.Config.Tty)).trim();
    const output = lastBytes(log, MAX_TEXT_BYTES);
    return { status: "found", facts: { output }, text: output || "The log is empty." };
  } catch (error) {
    if (error instanceof ContainerRefused || error instanceof EngineUnreachable) {
      return { status: "missing", text: cleanOutput(error.message) };
    }
    throw error;
  }
}

function readState({ State, Config, RestartCount }: Container): ProbeResult {
  const health = State.Health?.Status || "none";
  const state = State.Status === "running" && health === "unhealthy" ? "unhealthy" : State.Status;
  const facts = {
    state,
    health,
    image: cleanOutput(Config.Image),
    started_at: State.StartedAt,
    exit_code: String(State.ExitCode),
    restarts: String(RestartCount),
  };
  const since = state === "exited" || state === "dead" ? `exit code ${State.ExitCode}` : "";
  const details = [since, `started ${State.StartedAt}`, `image ${facts.image}`];
  return { status: "found", facts, text: `${state}, ${details.filter(Boolean).join(", ")}` };
}

async function check(api: DockerApi, host: string): Promise<string> {
  const ping = await api.ask({ method: "GET", path: "/_ping", timeoutMs: PROBE_TIMEOUT_MS });
  if (ping.status !== 200) throw new Error(`The container engine is not well. ${errorText(ping)}`);

  const answer = await api.ask({ method: "GET", path: "/version", timeoutMs: PROBE_TIMEOUT_MS });
  const version = Version.safeParse(parseJson(answer.body));
  if (!version.success)
    throw new Error(`What answers at DOCKER_HOST=${host} is no container engine`);
  const { Version: number, ApiVersion } = version.data;
  return cleanOutput(`Container engine ${number}, API ${ApiVersion}, at ${host}`);
}

function errorText(answer: DockerResponse): string {
  const parsed = z.object({ message: z.string() }).safeParse(parseJson(answer.body));
  const message = parsed.success ? parsed.data.message : "no message";
  return `The engine answered ${answer.status}: ${firstBytes(message, 500)}`;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    // Not JSON is not what we asked for; the schema that reads it says so.
    return undefined;
  }
}
