import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Command, Target } from "../remediation/proposal.ts";
import { firstBytes } from "./clean-output.ts";
import type { Executor, Pinned, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction, NothingToDo } from "./execution.ts";
import type { Kubectl, Thing } from "./kubectl.ts";
import { ClusterRefused, createKubectl, isUnclear } from "./kubectl.ts";
import type { KubeObject } from "./kubernetes-objects.ts";
import { controllerOf, factsOf, replicasOf } from "./kubernetes-objects.ts";
import { parseWith } from "./parse-with.ts";
import { runProcess } from "./process.ts";

const LOOK_TIMEOUT_MS = 15_000;
const MAX_TEXT_BYTES = 4096;
const MOST_REPLICAS = 100;

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const NAME = `${LABEL}(?:\\.${LABEL}){0,8}`;
const TARGET = new RegExp(
  `^(?:node:(?<node>${NAME})|(?<namespace>${LABEL}):(?<kind>deployment|statefulset|daemonset):(?<name>${NAME}))$`,
);
const PodName = z.string().regex(new RegExp(`^${NAME}$`), "must be the exact name of a pod");
const Replicas = z.coerce.number().int().min(0).max(MOST_REPLICAS);

const Action = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("restart") }),
  z.strictObject({ op: z.literal("delete_pod"), pod: PodName }),
  z
    .strictObject({
      op: z.literal("scale"),
      replicas: Replicas,
      /** Whatever a parameter says: never fewer, never more. */
      min: Replicas.default(1),
      max: Replicas,
    })
    .refine(({ replicas, min, max }) => replicas >= min && replicas <= max, {
      path: ["replicas"],
      error: "must be from min to max",
    }),
  z.strictObject({ op: z.enum(["cordon", "uncordon"]) }),
]);
type Action = z.output<typeof Action>;

const Probe = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("state") }),
  z.strictObject({ op: z.literal("pod"), pod: PodName }),
]);

type Argv = readonly [string, ...string[]];
type ArgvCommand = Extract<Command, { kind: "argv" }>;

export interface KubernetesOptions {
  /** The file; null where KUBECONFIG is not set. */
  readonly kubeconfig: string | null;
  readonly program?: string;
}

/** Workloads and nodes of one cluster, each named by the inventory, by the system's kubectl. */
export function createKubernetesExecutor(options: KubernetesOptions): Executor {
  const kubectl = createKubectl(options);
  const describe = (action: Readonly<Record<string, unknown>>, target: Target) =>
    commandOf(kubectl, parseWith(Action, action), thingOf(target), null);
  return {
    name: "kubernetes",
    describe,
    pin: (action, target) => pin(kubectl, parseWith(Action, action), thingOf(target)),
    dryRun: (command, limits) => dryRun(kubectl, command, limits),
    run: (command, limits) => run(kubectl, command, limits),
    describeProbe: (probed, target) =>
      asCommand(kubectl.get(lookedAt(parseWith(Probe, probed), thingOf(target)))),
    probe: (probed, target) => probe(kubectl, probed, target),
    check: () => kubectl.check(),
  };
}

/** @throws InvalidAction where the inventory's host names nothing of a cluster */
function thingOf({ name: target, host }: Target): Thing {
  const { node, namespace, kind, name } = TARGET.exec(host)?.groups ?? {};
  if (node !== undefined) return { kind: "node", namespace: null, name: node };
  if (namespace !== undefined && kind !== undefined && name !== undefined) {
    return { kind, namespace, name };
  }
  throw new InvalidAction(
    `${target} needs what it is as host, such as default:deployment:web or node:worker-1`,
  );
}

function commandOf(
  kubectl: Kubectl,
  action: Action,
  thing: Thing,
  currentReplicas: number | null,
): ArgvCommand {
  const isNode = thing.kind === "node";
  const isForNodes = action.op === "cordon" || action.op === "uncordon";
  if (isNode !== isForNodes) throw new InvalidAction(`a ${thing.kind} has no ${action.op}`);
  if (action.op === "scale" && thing.kind === "daemonset") {
    throw new InvalidAction("a daemonset has as many pods as there are nodes");
  }
  return asCommand(kubectl.argv(thing, wordsOf(action, thing, currentReplicas)));
}

function wordsOf(action: Action, { kind, name }: Thing, currentReplicas: number | null): string[] {
  switch (action.op) {
    case "restart":
      return ["rollout", "restart", `${kind}/${name}`];
    case "delete_pod":
      return ["delete", `pod/${action.pod}`, "--wait=false"];
    case "scale": {
      const held = currentReplicas === null ? [] : [`--current-replicas=${currentReplicas}`];
      return ["scale", `${kind}/${name}`, `--replicas=${action.replicas}`, ...held];
    }
    case "cordon":
    case "uncordon":
      return [action.op, name];
  }
}

function asCommand(argv: Argv): ArgvCommand {
  return { kind: "argv", argv, directory: "/" };
}

async function pin(kubectl: Kubectl, action: Action, thing: Thing): Promise<Pinned> {
  try {
    const found = await kubectl.read(thing, LOOK_TIMEOUT_MS);
    if (action.op === "delete_pod") await refuseForeign(kubectl, action.pod, thing);
    const current = action.op === "scale" ? replicasOf(found) : null;
    if (action.op === "scale" && current === action.replicas) {
      throw new NothingToDo(`${thing.name} has ${current} replicas already`);
    }
    const command = commandOf(kubectl, action, thing, current);
    return { command, detail: factsOf(thing.kind, found).text };
  } catch (error) {
    if (error instanceof ClusterRefused) throw new NothingToDo(error.message, { cause: error });
    throw error;
  }
}

/** A pod that no controller brings back, or that belongs to something else, is not deleted (T41, T48). */
async function refuseForeign(kubectl: Kubectl, pod: string, thing: Thing): Promise<void> {
  const asPod = (kind: string, name: string): Thing => ({ ...thing, kind, name });
  const owner = controllerOf(await kubectl.read(asPod("pod", pod), LOOK_TIMEOUT_MS));
  const refused = new NothingToDo(
    `the pod ${pod} does not belong to the ${thing.kind} ${thing.name}`,
  );
  if (owner === null) throw refused;
  const top =
    owner.kind === "ReplicaSet"
      ? controllerOf(await kubectl.read(asPod("replicaset", owner.name), LOOK_TIMEOUT_MS))
      : owner;
  if (top?.kind.toLowerCase() !== thing.kind || top.name !== thing.name) throw refused;
}

const ORDERS: readonly RegExp[] = [
  new RegExp(`^rollout restart (?:deployment|statefulset|daemonset)/${NAME}$`),
  new RegExp(`^delete pod/${NAME} --wait=false$`),
  new RegExp(
    `^scale (?:deployment|statefulset)/${NAME} --replicas=\\d{1,3} --current-replicas=\\d{1,5}$`,
  ),
  new RegExp(`^(?:un)?cordon ${NAME}$`),
];

/** A stored plan is read again here: only what `pin` can have written is ever started. */
function parseOrder(kubectl: Kubectl, command: Command): ArgvCommand {
  const refused = new InvalidAction("the kubernetes executor does not do that");
  if (command.kind !== "argv") throw refused;
  const { thing, words } = kubectl.parse(command.argv) ?? {};
  if (thing === undefined || words === undefined) throw refused;
  const again = asCommand(kubectl.argv(thing, words));
  const isKnown = ORDERS.some((order) => order.test(words.join(" ")));
  if (isKnown && isDeepStrictEqual(again, command)) return again;
  throw refused;
}

async function run(kubectl: Kubectl, command: Command, limits: RunLimits): Promise<RunResult> {
  const order = parseOrder(kubectl, command);
  const result = await runProcess({ ...order, ...limits });
  const told = { ...result, output: firstBytes(result.output, MAX_TEXT_BYTES) };
  if (result.outcome !== "failed" || !isUnclear(result.output)) return told;
  const output = `${told.output.trim()}\nThe request may have been sent: it may have taken effect.`;
  return { ...told, outcome: "unknown", output };
}

/** The API server's own trial: everything but the writing, with its admission and its checks of rights. */
async function dryRun(kubectl: Kubectl, command: Command, limits: RunLimits): Promise<string> {
  const order = parseOrder(kubectl, command);
  const { words = [] } = kubectl.parse(order.argv) ?? {};
  const [program, ...given] = order.argv;
  // `rollout restart` knows no dry run; what it sends is a patch of the pod template.
  const trial =
    words[0] === "rollout"
      ? [...given.slice(0, -3), "patch", words[2] ?? "", `--patch=${RESTART_PATCH}`]
      : given;
  const argv: Argv = [program, ...trial, "--dry-run=server"];
  const { outcome, output } = await runProcess({ argv, directory: "/", ...limits });
  const said = firstBytes(output.trim(), MAX_TEXT_BYTES);
  if (outcome !== "succeeded") return `it would not be let do that: ${said || outcome}`;
  return said.includes("dry run") ? said : `${said} (server dry run)`;
}

const RESTART_PATCH = JSON.stringify({
  spec: { template: { metadata: { annotations: { "countersign/trial": "restart" } } } },
});

function lookedAt(probed: z.output<typeof Probe>, thing: Thing): Thing {
  if (probed.op === "state") return thing;
  if (thing.namespace === null) throw new InvalidAction("a node's pods are not looked at");
  return { ...thing, kind: "pod", name: probed.pod };
}

async function probe(
  kubectl: Kubectl,
  probed: Readonly<Record<string, unknown>>,
  target: Target,
): Promise<ProbeResult> {
  const thing = lookedAt(parseWith(Probe, probed), thingOf(target));
  try {
    const found: KubeObject = await kubectl.read(thing, LOOK_TIMEOUT_MS);
    return { status: "found", ...factsOf(thing.kind, found) };
  } catch (error) {
    if (error instanceof ClusterRefused) return { status: "missing", text: `${error.message}.` };
    throw error;
  }
}
