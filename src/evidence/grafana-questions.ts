import type { Alert } from "../incident/alert.ts";
import type { Question } from "./collect.ts";
import type { Grafana } from "./grafana.ts";
import { ago, cut } from "./tell.ts";

const LOOK_BACK_MS = 2 * 3_600_000;
const SHOWN = 5;
const LONGEST = 160;

/** What people and pipelines noted on Grafana's time line shortly before the alert: deployments, mostly. */
export function grafanaQuestions(
  grafana: Pick<Grafana, "annotations">,
  { startsAt }: Pick<Alert, "startsAt">,
  now: () => Date,
): Question[] {
  return [
    {
      kind: "change",
      title: "Noted in Grafana",
      async ask() {
        const from = new Date(startsAt.getTime() - LOOK_BACK_MS);
        const notes = await grafana.annotations(from, now());
        if (notes.length === 0) return null;
        return [
          ...notes.slice(0, SHOWN).map(({ at, text, tags }) => {
            const tagged = tags.length === 0 ? "" : ` [${tags.join(", ")}]`;
            return `${ago(at, startsAt)}: ${plainText(text)}${tagged}`;
          }),
          ...(notes.length > SHOWN ? [`… ${notes.length - SHOWN} more`] : []),
        ].join("\n");
      },
    },
  ];
}

/** Annotations may hold HTML; here they are text. */
function plainText(text: string): string {
  return cut(text.replace(/<[^>]{0,200}>/g, " "), LONGEST);
}
