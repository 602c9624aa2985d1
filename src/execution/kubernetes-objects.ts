import { z } from "zod";

const Owner = z.object({
  kind: z.string(),
  name: z.string(),
  controller: z.boolean().default(false),
});
const Condition = z.object({ type: z.string(), status: z.string() });
const Reason = z.object({ reason: z.string().optional() }).nullish();
const Container = z.object({
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: z.object({ waiting: Reason, terminated: Reason }).partial().default({}),
});

/** The parts of an object that are read, of whichever kind it is. */
export const KubeObject = z.object({
  metadata: z.object({ name: z.string(), ownerReferences: z.array(Owner).default([]) }),
  spec: z
    .object({ replicas: z.number().optional(), unschedulable: z.boolean().optional() })
    .default({}),
  status: z
    .object({
      replicas: z.number().optional(),
      readyReplicas: z.number().optional(),
      updatedReplicas: z.number().optional(),
      desiredNumberScheduled: z.number().optional(),
      numberReady: z.number().optional(),
      phase: z.string().optional(),
      conditions: z.array(Condition).default([]),
      containerStatuses: z.array(Container).default([]),
    })
    .prefault({}),
});
export type KubeObject = z.output<typeof KubeObject>;

/** What brings it back when it is gone. */
export function controllerOf({ metadata }: KubeObject): { kind: string; name: string } | null {
  return metadata.ownerReferences.find(({ controller }) => controller) ?? null;
}

export function replicasOf({ spec }: KubeObject): number {
  return spec.replicas ?? 1;
}

interface Told {
  readonly facts: Readonly<Record<string, string>>;
  readonly text: string;
}

export function factsOf(kind: string, found: KubeObject): Told {
  const { name } = found.metadata;
  switch (kind) {
    case "node":
      return nodeFacts(name, found);
    case "pod":
      return podFacts(name, found);
    default:
      return workloadFacts(name, found);
  }
}

function nodeFacts(name: string, { spec, status }: KubeObject): Told {
  const ready = status.conditions.find(({ type }) => type === "Ready")?.status ?? "Unknown";
  const isCordoned = spec.unschedulable === true;
  return {
    facts: { ready, cordoned: isCordoned ? "yes" : "no" },
    text: `${name}: ready ${ready}${isCordoned ? ", cordoned" : ""}`,
  };
}

function podFacts(name: string, { status }: KubeObject): Told {
  const containers = status.containerStatuses;
  const ready = containers.filter((one) => one.ready).length;
  const restarts = containers.reduce((sum, one) => sum + one.restartCount, 0);
  const reasons = containers.map(
    (one) => one.state.waiting?.reason ?? one.state.terminated?.reason ?? "",
  );
  const state = reasons.find(Boolean) ?? status.phase ?? "Unknown";
  const isReady = containers.length > 0 && ready === containers.length;
  return {
    facts: { state, ready: isReady ? "yes" : "no", restarts: String(restarts) },
    text: `${name}: ${state}, ${ready} of ${containers.length} containers ready, ${restarts} restarts`,
  };
}

function workloadFacts(name: string, { spec, status }: KubeObject): Told {
  const wanted = status.desiredNumberScheduled ?? spec.replicas ?? 1;
  const ready = status.numberReady ?? status.readyReplicas ?? 0;
  return {
    facts: {
      replicas: String(wanted),
      ready: String(ready),
      complete: ready >= wanted ? "yes" : "no",
    },
    text: `${name}: ${ready} of ${wanted} ready`,
  };
}
