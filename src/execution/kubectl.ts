import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { z } from "zod";
import { cleanOutput, firstBytes } from "./clean-output.ts";
import { parseJson } from "./json-values.ts";
import { KubeObject } from "./kubernetes-objects.ts";
import { runProcess } from "./process.ts";

type Argv = readonly [string, ...string[]];

/** One object of a cluster, by its full name. */
export interface Thing {
  readonly kind: string;
  /** Null for what stands in no namespace. */
  readonly namespace: string | null;
  readonly name: string;
}

/** Nothing was changed, and why. */
export class ClusterRefused extends Error {
  override readonly name = "ClusterRefused";
}

export type Kubectl = ReturnType<typeof createKubectl>;

const PROGRAMS = ["/usr/bin/kubectl", "/usr/local/bin/kubectl"] as const;
const CHECK_TIMEOUT_MS = 10_000;
const MOST_BYTES = 1024 * 1024;
const NAMESPACE = "--namespace=";

const Version = z.object({ serverVersion: z.object({ gitVersion: z.string() }) });

/** The system's kubectl under one kubeconfig, without a cache of its own and with a deadline a request. */
export function createKubectl(options: { kubeconfig: string | null; program?: string }) {
  const { kubeconfig } = options;
  const program = options.program ?? PROGRAMS.find((path) => existsSync(path)) ?? PROGRAMS[0];
  // A cache that others can write to would decide what kubectl takes the cluster's API for.
  const flags = [
    `--kubeconfig=${kubeconfig ?? ""}`,
    "--cache-dir=/dev/null",
    "--request-timeout=10s",
  ];

  function argv({ namespace }: Thing, words: readonly string[]): Argv {
    const where = namespace === null ? [] : [`${NAMESPACE}${namespace}`];
    return [program, ...flags, ...where, ...words];
  }

  /** The reverse of `argv`; null for what it can't have written. */
  function parse(given: readonly string[]): { thing: Thing; words: readonly string[] } | null {
    const fixed = [program, ...flags];
    if (!fixed.every((word, at) => given[at] === word)) return null;
    const rest = given.slice(fixed.length);
    const isNamed = rest[0]?.startsWith(NAMESPACE) === true;
    const namespace = isNamed ? (rest[0]?.slice(NAMESPACE.length) ?? "") : null;
    if (namespace !== null && !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace))
      return null;
    return { thing: { kind: "", namespace, name: "" }, words: isNamed ? rest.slice(1) : rest };
  }

  const get = (thing: Thing): Argv =>
    argv(thing, ["get", `${thing.kind}/${thing.name}`, "--output=json"]);

  async function ask(words: Argv, timeoutMs: number): Promise<unknown> {
    await refuseLoose(kubeconfig);
    const asked = { argv: words, directory: "/", timeoutMs, maxOutputBytes: MOST_BYTES };
    const { outcome, output } = await runProcess(asked);
    if (outcome === "succeeded") return parseJson(withoutWarnings(output));
    throw new ClusterRefused(failureText(outcome, output));
  }

  return {
    argv,
    parse,
    get,
    async read(thing: Thing, timeoutMs: number): Promise<KubeObject> {
      const parsed = KubeObject.safeParse(await ask(get(thing), timeoutMs));
      const isIt = parsed.success && parsed.data.metadata.name === thing.name;
      if (isIt) return parsed.data;
      throw new ClusterRefused(`kubectl's answer on ${thing.kind}/${thing.name} is not readable`);
    },
    async check(): Promise<string> {
      const words: Argv = [program, ...flags, "version", "--output=json"];
      const parsed = Version.safeParse(await ask(words, CHECK_TIMEOUT_MS));
      if (parsed.success) return cleanOutput(`Kubernetes ${parsed.data.serverVersion.gitVersion}`);
      throw new ClusterRefused("the cluster does not say its version");
    },
  };
}

/** Whoever can write a kubeconfig decides which cluster is meant, and which program signs in there. */
async function refuseLoose(kubeconfig: string | null): Promise<void> {
  if (kubeconfig === null) throw new ClusterRefused("KUBECONFIG is not set");
  const { mode } = await stat(kubeconfig).catch((error: NodeJS.ErrnoException) => {
    throw new ClusterRefused(`KUBECONFIG ${kubeconfig} can't be read (${error.code})`);
  });
  if ((mode & 0o002) === 0) return;
  throw new ClusterRefused(
    `${kubeconfig} can be written by everybody; mend it with: chmod o-w ${kubeconfig}`,
  );
}

/** Both streams are one: what kubectl warns of stands before the object. */
function withoutWarnings(output: string): string {
  return output.slice(Math.max(0, output.search(/^\{/m)));
}

function failureText(outcome: string, output: string): string {
  if (outcome === "timed_out") return "the cluster gave no answer in time";
  const lines = output
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^[EWI]\d{4} /.test(line));
  const said = firstBytes(lines.slice(-3).join(" ").trim(), 500);
  return `kubectl: ${said || outcome}`.replace(/\.$/, "");
}

/** Whether a failed change may have reached the cluster all the same. */
export function isUnclear(output: string): boolean {
  return /\b(?:EOF|connection reset|Client\.Timeout|context deadline exceeded|i\/o timeout|Timeout: request did not complete)\b/i.test(
    output,
  );
}
