import { z } from "zod";
import type { Command, Target } from "../remediation/proposal.ts";
import { cleanOutput, firstBytes } from "./clean-output.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction, NothingToDo } from "./execution.ts";
import type { HttpAnswer } from "./http-client.ts";
import { askService, ServiceUnreachable } from "./http-client.ts";
import { picked, typed } from "./json-values.ts";
import { parseWith } from "./parse-with.ts";
import { readToken } from "./token-file.ts";

const PROBE_TIMEOUT_MS = 10_000;
const MAX_TEXT_BYTES = 4096;
const MAX_BODY_BYTES = 64 * 1024;
const BASE = /^https?:\/\/[a-z0-9.[\]:-]+(?:\/[\w.~-]+)*$/;

/** What stands in a path without a meaning of its own; `%` is not among it. */
const PATH = /^(?:\/[\w.~!$&'()*+,;=:@-]+)*\/?$/;
const isClimbing = (path: string) => /(?:^|\/)\.{1,2}(?:\/|$)/.test(path);

const Path = z.union([
  z
    .string()
    .max(1000)
    .refine((path) => path.startsWith("/") && PATH.test(path) && !isClimbing(path), {
      error: "must be a plain path such as /api/services, or a list of its parts",
    }),
  z
    .array(
      z.string().refine((part) => /^[ -~]{1,256}$/.test(part) && !/^\.{1,2}$/.test(part), {
        error: "must be one part of a path",
      }),
    )
    .min(1)
    .transform((parts) => `/${parts.map(encodeURIComponent).join("/")}`),
]);
const Query = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .default({});

const Action = z.strictObject({
  method: z.enum(["POST", "PUT", "PATCH", "DELETE"]),
  path: Path,
  query: Query,
  body: z.json().optional(),
});
const Probe = z.strictObject({
  path: Path,
  query: Query,
  /** Facts by name, each as a JSON pointer into the answer. */
  pick: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "must be a name such as state"),
      z.string().regex(/^(?:\/[^/]{0,100}){0,20}$/, "must be a JSON pointer such as /data/state"),
    )
    .default({}),
});

type HttpCommand = Extract<Command, { kind: "http" }>;

/** One service a target, over HTTP: its address is the inventory's word, method and path the runbook's. */
export function createHttpExecutor(): Executor {
  return { name: "http", describe, run, describeProbe, probe, check };
}

function describe(action: Readonly<Record<string, unknown>>, target: Target): HttpCommand {
  const { method, path, query, body } = parseWith(Action, action);
  const sent = body === undefined ? null : typed(body);
  if (JSON.stringify(sent).length > MAX_BODY_BYTES) {
    throw new InvalidAction(`the body is longer than ${MAX_BODY_BYTES / 1024} KiB`);
  }
  return { ...addressed(target), method, path: path + queryText(query), body: sent };
}

function describeProbe(probed: Readonly<Record<string, unknown>>, target: Target): HttpCommand {
  const { path, query } = parseWith(Probe, probed);
  return { ...addressed(target), method: "GET", path: path + queryText(query), body: null };
}

function addressed({ name, host, tokenFile }: Target) {
  if (!BASE.test(host) || isClimbing(host)) {
    throw new InvalidAction(`${name} needs its address as host, such as https://router.lan:8443`);
  }
  return { kind: "http" as const, origin: host, ...(tokenFile === undefined ? {} : { tokenFile }) };
}

function queryText(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? "" : `?${text}`;
}

async function run(command: Command, limits: RunLimits): Promise<RunResult> {
  if (command.kind !== "http" || command.origin === undefined || command.method === "GET") {
    throw new InvalidAction("the http executor asks services for changes only");
  }
  const startedAt = performance.now();
  const [outcome, text] = await carryOut(command, limits);
  const output = firstBytes(text, MAX_TEXT_BYTES);
  const durationMs = Math.round(performance.now() - startedAt);
  return { outcome, exitCode: null, output, isTruncated: output !== text, durationMs };
}

async function carryOut(
  command: HttpCommand,
  limits: RunLimits,
): Promise<readonly [RunResult["outcome"], string]> {
  try {
    const { answer, text } = await ask(command, limits);
    return [outcomeOf(answer.status), `${sentence(answer.status)}\n${text}`.trim()];
  } catch (error) {
    if (error instanceof NothingToDo) return ["failed", `${error.message}. Nothing was changed.`];
    if (!(error instanceof ServiceUnreachable)) throw error;
    return error.mayHaveActed
      ? ["unknown", `${error.message}. The request had been sent: it may have taken effect.`]
      : ["failed", `${error.message}. Nothing was changed.`];
  }
}

async function ask(command: HttpCommand, limits: RunLimits) {
  const { origin = "", method, path, body, tokenFile } = command;
  const token = tokenFile === undefined ? null : await readToken(tokenFile);
  const answer = await askService({
    ...{ origin, method, path, ...limits },
    ...(token === null ? {} : { headers: token.header }),
    body: body === null ? undefined : { type: "application/json", text: JSON.stringify(body) },
  });
  const told = cleanOutput(answer.body.toString()).trim();
  // A service that shows what it was sent must not show that on a card.
  return { answer, text: token === null ? told : told.replaceAll(token.secret, "[token]") };
}

/** What stands in front of a service may have passed the request on before it gave up. */
function outcomeOf(status: number): RunResult["outcome"] {
  if (status >= 200 && status < 300) return "succeeded";
  return status === 502 || status === 504 ? "unknown" : "failed";
}

function sentence(status: number): string {
  if (status >= 300 && status < 400) return `It answered ${status}: a redirect is not followed.`;
  return status === 502 || status === 504
    ? `It answered ${status}: whether it took effect is not known.`
    : `It answered ${status}.`;
}

async function probe(
  probed: Readonly<Record<string, unknown>>,
  target: Target,
): Promise<ProbeResult> {
  const command = describeProbe(probed, target);
  const { pick } = parseWith(Probe, probed);
  try {
    const { answer, text } = await ask(command, { timeoutMs: PROBE_TIMEOUT_MS });
    return found(answer, firstBytes(text, MAX_TEXT_BYTES), picked(text, pick));
  } catch (error) {
    if (!(error instanceof ServiceUnreachable || error instanceof NothingToDo)) throw error;
    return { status: "missing", text: `${error.message}.` };
  }
}

function found(
  { status, isCut }: HttpAnswer,
  output: string,
  facts: Readonly<Record<string, string>>,
): ProbeResult {
  const named = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  return {
    status: "found",
    facts: { ...(isCut ? {} : facts), status: String(status), output },
    text: named.length === 0 || isCut ? `${sentence(status)} ${output}`.trim() : named.join(", "),
  };
}

/** There is nothing that all targets have in common; each says itself how it is. */
function check(): Promise<string> {
  return Promise.resolve("each service is asked when it is its turn");
}
