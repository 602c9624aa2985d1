import { z } from "zod";
import type { SourceAccess } from "./source.ts";
import { ask, SourceFailed } from "./source.ts";

const Annotations = z.array(
  z.object({
    time: z.number(),
    timeEnd: z.number().nullish(),
    text: z.string().catch(""),
    tags: z.array(z.string()).nullish(),
    alertName: z.string().nullish(),
  }),
);

/** What somebody or something noted on Grafana's time line. */
export interface Annotation {
  readonly at: Date;
  readonly text: string;
  readonly tags: readonly string[];
}

/** A stretch of time that is noted there; open ended until its end is known. */
export interface Region {
  /** Names it, among those of its incident. */
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number | null;
  readonly tags: readonly string[];
  readonly text: string;
}

const MOST = 50;
/** All of ours bear it; they are no news to ourselves. */
const MARK = "countersign";
const Own = z.array(
  z.object({
    id: z.number(),
    time: z.number(),
    timeEnd: z.number().nullish(),
    text: z.string(),
    tags: z.array(z.string()).nullish(),
  }),
);
type Own = z.output<typeof Own>[number];

/** Grafana's annotations. Every method rejects with `SourceFailed` and nothing else. */
export function createGrafana(access: SourceAccess) {
  async function annotations(from: Date, to: Date): Promise<Annotation[]> {
    const params = new URLSearchParams({
      ...{ from: String(from.getTime()), to: String(to.getTime()) },
      ...{ type: "annotation", limit: String(MOST) },
    });
    const answer = Annotations.safeParse(
      await ask("Grafana", access, `/api/annotations?${params.toString()}`),
    );
    if (!answer.success) throw new SourceFailed("Grafana: the answer is not one we understand");
    return answer.data
      .map(({ time, text, tags }) => ({ at: new Date(time), text, tags: tags ?? [] }))
      .filter(({ tags }) => !tags.includes(MARK))
      .sort((a, b) => b.at.getTime() - a.at.getTime());
  }

  /** Notes these of an incident: once each, and anew where one has changed. What it is noted by stands there, too. */
  async function note(incidentId: string, regions: readonly Region[]): Promise<void> {
    const params = new URLSearchParams({ type: "annotation", limit: String(2 * MOST) });
    for (const tag of [MARK, incidentId]) params.append("tags", tag);
    const path = "/api/annotations";
    const there = Own.safeParse(await ask("Grafana", access, `${path}?${params.toString()}`));
    if (!there.success) throw new SourceFailed("Grafana: the answer is not one we understand");
    for (const { key, fromMs, toMs, tags, text } of regions.slice(0, MOST)) {
      const json = {
        ...{ time: fromMs, timeEnd: toMs ?? fromMs },
        ...{ tags: [MARK, incidentId, key, ...tags], text },
      };
      const own = there.data.find((one) => one.tags?.includes(key));
      if (own === undefined) await ask("Grafana", access, path, { method: "POST", json });
      else if (!isSame(own, json)) {
        await ask("Grafana", access, `${path}/${own.id}`, { method: "PATCH", json });
      }
    }
  }

  async function check(): Promise<string> {
    await annotations(new Date(Date.now() - 60_000), new Date());
    return "answers";
  }

  return { annotations, note, check };
}

function isSame(own: Own, wanted: Omit<Own, "id">): boolean {
  // Of a point Grafana says no end, or its beginning again.
  const { timeEnd } = own;
  const hasEnd = timeEnd !== undefined && timeEnd !== null && timeEnd !== 0;
  return (
    own.text === wanted.text &&
    own.time === wanted.time &&
    (hasEnd ? timeEnd : own.time) === wanted.timeEnd
  );
}

export type Grafana = ReturnType<typeof createGrafana>;
