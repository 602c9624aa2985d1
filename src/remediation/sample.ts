import type { Target } from "./proposal.ts";
import { fillQuery } from "./query.ts";
import type { Params } from "./runbook.ts";
import { fill, fillParams, flawOf, paramsIn, placeholdersIn, textsIn } from "./template.ts";
import type { Path } from "./yaml.ts";

type With = Readonly<Record<string, unknown>>;

/** What an executor can say about a `with` before anything runs. Both throw `InvalidAction`. */
export interface Describer {
  describe(action: With, target: Target): unknown;
  describeProbe(probe: With, target: Target): unknown;
}

interface Use {
  readonly kind: "describe" | "describeProbe";
  readonly executor: string;
  readonly with: With;
  readonly params: Params;
  readonly at: Path;
}

/** Shapes that parameters usually have; the first that fits a pattern stands in for the real value. */
const SAMPLES = [
  ...["a", "web-1", "nginx.service", "1", "80", "100", "10m", "10.0.0.1", "10.0.0.1:9100"],
  ...["example.org", "/var/log/app", "/dev/sda1", "/", "node/pve", "qemu/100", "default/web"],
  ...["0123456789ab", "aa:bb:cc:dd:ee:ff", "A", "sda", "https://example.org/"],
];

/** Where a host is more than a machine's name. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  http: ["https://sample"],
  proxmox: ["lxc:100"],
  kubernetes: ["default:deployment:sample", "node:sample"],
};

/** A `with` its executor would refuse, found while the file is read and not at night. */
export function executorFlaws(
  use: Use,
  executors: ReadonlyMap<string, Describer>,
): { path: Path; message: string }[] {
  const executor = executors.get(use.executor);
  if (executor === undefined) {
    const known = [...executors.keys()].join(", ");
    const message = `this build has no executor "${use.executor}"; it has: ${known || "none"}`;
    return [{ path: [...use.at, "executor"], message }];
  }

  const sample = sampleOf(use);
  if (sample === null) return [];
  const messages = (HOSTS[use.executor] ?? ["sample"]).map((host) => {
    try {
      executor[use.kind](sample, { name: "sample", host, executor: use.executor, directory: "/" });
      return null;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "InvalidAction") throw error;
      return error.message;
    }
  });
  const [message] = messages;
  // One kind of host that it fits is enough.
  if (message === null || message === undefined || messages.includes(null)) return [];
  return [{ path: [...use.at, "with"], message }];
}

/** Null where some parameter's pattern fits no sample, or a placeholder is wrong and reported as such. */
export function sampleOf({ with: template, params }: Pick<Use, "with" | "params">): With | null {
  const names = paramsIn(template);
  const used = Object.fromEntries(Object.entries(params).filter(([name]) => names.has(name)));
  const values = fillParams(used, { labels: {}, annotations: {} }, samplesFor(used));
  const isSound = textsIn(template)
    .flatMap(([text]) => placeholdersIn(text))
    .every(({ scope, name }) =>
      scope === "params"
        ? Object.hasOwn(used, name)
        : ["target.name", "target.host"].includes(`${scope}.${name}`),
    );
  if (!values.ok || !isSound) return null;
  return fill(template, { params: values.value, target: { name: "sample", host: "sample" } });
}

/** A query as it would be asked, with samples for what an alert says; null where there are none. */
export function sampleQuery(query: string, params: Params): string | null {
  const found = placeholdersIn(query);
  const labels = Object.fromEntries(found.map(({ name }) => [name, "a"]));
  const filled = fillQuery(query, { params: samplesFor(params), labels });
  return filled.ok ? filled.value : null;
}

function samplesFor(params: Params): Record<string, string> {
  const entries = Object.entries(params).flatMap(([name, param]) => {
    const candidates = [...(param.default === undefined ? [] : [param.default]), ...SAMPLES];
    const fitting = candidates.find((value) => flawOf(value, param.pattern) === null);
    return fitting === undefined ? [] : [[name, fitting] as const];
  });
  return Object.fromEntries(entries);
}
