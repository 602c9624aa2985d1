import type { Alert, Labels } from "../incident/alert.ts";
import { nameOf, placeOf } from "../incident/alert.ts";
import type { Alertmanager, ReportedAlert, ReportedSilence } from "./alertmanager.ts";
import type { Question } from "./collect.ts";
import { cut, roughly, sameLabels } from "./tell.ts";

const SHOWN = 5;
const LONGEST_COMMENT = 120;

/** Labels that two alerts about the same thing share; `instance` without its port. */
const SHARED = ["pod", "container", "name", "service", "host", "node", "instance", "namespace"];

/** What else fires on the same thing or machine, and whether somebody has silenced this one. */
export function alertmanagerQuestions(
  alertmanager: Pick<Alertmanager, "active" | "silences">,
  { labels }: Pick<Alert, "labels">,
  now: () => Date,
): Question[] {
  return [
    {
      kind: "alert",
      title: "What else fires",
      async ask() {
        const [active, silences] = await Promise.all([
          alertmanager.active(),
          alertmanager.silences(),
        ]);
        const mine = active.find((alert) => sameLabels(alert.labels, labels));
        const others = active.filter((alert) => alert !== mine);
        const related = others
          .map((alert) => ({ alert, by: sharedBy(labels, alert.labels) }))
          .filter(({ by }) => by !== null);
        return [
          ...silencesOn(mine, silences),
          related.length === 0
            ? `Nothing else on the same place; ${counted(others.length)} elsewhere`
            : `${counted(related.length)} on the same place, ${others.length - related.length} elsewhere:`,
          ...related.slice(0, SHOWN).map(({ alert, by }) => alertLine(alert, by, now())),
          ...(related.length > SHOWN ? [`… ${related.length - SHOWN} more`] : []),
        ].join("\n");
      },
    },
  ];
}

function sharedBy(mine: Labels, other: Labels): string | null {
  return (
    SHARED.find((name) => {
      const value = mine[name];
      return value !== undefined && withoutPort(value) === withoutPort(other[name] ?? "");
    }) ?? null
  );
}

function withoutPort(value: string): string {
  return value.replace(/:\d+$/, "");
}

function alertLine({ labels, startsAt, status }: ReportedAlert, by: string | null, now: Date) {
  const since =
    startsAt === undefined
      ? ""
      : `, for ${roughly(Math.max(0, now.getTime() - startsAt.getTime()) / 1000)}`;
  const muted = status.silencedBy.length > 0 ? ", silenced" : "";
  const severity = labels.severity === undefined ? "" : ` (${labels.severity})`;
  return `${nameOf(labels)}${severity} ${placeOf(labels)}${since}${muted}, same ${by}`;
}

function silencesOn(mine: ReportedAlert | undefined, silences: readonly ReportedSilence[]) {
  return silences
    .filter(({ id }) => mine?.status.silencedBy.includes(id) === true)
    .slice(0, SHOWN)
    .map(
      ({ createdBy, comment, endsAt }) =>
        `Silenced by ${createdBy} until ${endsAt.toISOString().slice(0, 16).replace("T", " ")} UTC: ${cut(comment, LONGEST_COMMENT)}`,
    );
}

function counted(count: number): string {
  return `${count} other ${count === 1 ? "alert fires" : "alerts fire"}`;
}
