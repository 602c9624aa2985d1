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

const MOST = 50;

/** Grafana's annotations, read only. Every method rejects with `SourceFailed` and nothing else. */
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
      .sort((a, b) => b.at.getTime() - a.at.getTime());
  }

  async function check(): Promise<string> {
    await annotations(new Date(Date.now() - 60_000), new Date());
    return "answers";
  }

  return { annotations, check };
}

export type Grafana = ReturnType<typeof createGrafana>;
