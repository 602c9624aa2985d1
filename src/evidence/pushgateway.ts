import { z } from "zod";
import type { Labels } from "../incident/alert.ts";
import { ask, SourceFailed } from "./source.ts";

const Groups = z.object({
  status: z.literal("success"),
  data: z.array(z.object({ labels: z.record(z.string(), z.string()) })),
});
const JOB = "countersign";
const NAME = "countersign_incident_anomaly_score";
const LONGEST_VALUE = 200;

/**
 * A Pushgateway, with a group for each open incident of this Countersign. Every method rejects with `SourceFailed` and
 * nothing else.
 */
export function createPushgateway(url: string, instance: string) {
  const access = { url, authorization: null };
  const pathOf = (incidentId: string) =>
    `/metrics/job/${JOB}/instance/${encodeURIComponent(instance)}/incident/${incidentId}`;

  /** In the place of what it had. */
  async function push(incidentId: string, score: number, labels: Labels): Promise<void> {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
    const metrics = [
      `# HELP ${NAME} The largest deviation measured around the alert, where 1 is what stands out`,
      `# TYPE ${NAME} gauge`,
      `${NAME}{${pairs.join(",")}} ${score}`,
      "",
    ].join("\n");
    await ask("Pushgateway", access, pathOf(incidentId), { method: "PUT", metrics });
  }

  async function remove(incidentId: string): Promise<void> {
    await ask("Pushgateway", access, pathOf(incidentId), { method: "DELETE" });
  }

  /** The incidents it has a group for. */
  async function pushed(): Promise<string[]> {
    const answer = Groups.safeParse(await ask("Pushgateway", access, "/api/v1/metrics"));
    if (!answer.success) {
      throw new SourceFailed("Pushgateway: the answer is not one we understand");
    }
    return answer.data.data.flatMap(({ labels: { job, incident, ...rest } }) =>
      job === JOB && rest.instance === instance && incident !== undefined ? [incident] : [],
    );
  }

  async function check(): Promise<string> {
    await ask("Pushgateway", access, "/api/v1/status");
    return "takes scores";
  }

  return { push, remove, pushed, check };
}

export type Pushgateway = ReturnType<typeof createPushgateway>;

function escaped(value: string): string {
  return value
    .slice(0, LONGEST_VALUE)
    .replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
