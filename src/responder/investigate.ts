import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import { reason } from "../diagnosis/reason.ts";
import type { Inquiry, Question } from "../evidence/collect.ts";
import { collect } from "../evidence/collect.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import { keep } from "../evidence/keep.ts";
import type { Episode } from "../incident/alert.ts";
import type { Sighting } from "../incident/sighting.ts";
import { sightingOf } from "../incident/sighting.ts";
import { isAbout } from "../remediation/kpi.ts";
import { looksOf, propose } from "../remediation/propose.ts";
import { isFallback } from "../remediation/runbook.ts";
import { runProbe } from "./facts.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

/** For everything that is asked about one alert. */
export const DEADLINE_MS = 8_000;

/** What looking at an alert takes; a command that only looks has no more. */
export type Inquirer = Pick<Ports, "catalogue" | "executors" | "inquire" | "redact" | "now">;

/** Collects what the sources know and what the runbook wants looked at, and reads it by rule; the proposal follows whatever came of this. */
export async function investigate(
  ports: Ports,
  episodeId: number,
  deadlineMs = DEADLINE_MS,
): Promise<StepEnd> {
  const episode = await ports.store.episode(episodeId);
  if (episode === null) return DONE;
  const { questions, diagnosisOf } = questionsAbout(ports, episode, sightingOf(episode));
  ports.crashPoint("before-looks");
  const items = await collect(questions, { deadlineMs, now: ports.now });
  await ports.store.saveFindings(episode, keep(items), diagnosisOf);
  return DONE;
}

/** What the sources and the runbook of an alert are asked, and how the answers are read. */
export function questionsAbout(
  ports: Inquirer,
  episode: Pick<Episode, "fingerprint" | "labels" | "annotations" | "startsAt">,
  sighting: Sighting | null = null,
): {
  readonly questions: readonly Question[];
  readonly diagnosisOf: (items: readonly EvidenceItem[]) => Diagnosis;
} {
  const { runbooks, policy, kpis } = ports.catalogue.read();
  const offers = propose({
    alert: episode,
    runbooks,
    policy,
  });
  const { runbook } = offers;
  const inquiry = ports.inquire(episode);
  // What a watch saw has no rule: its query stands in that place.
  const seen = sighting && inquiry.promql(sighting.title, sighting.promql);
  const first = seen === null ? inquiry.first : [seen];
  const looks = runbook === null ? [] : looksOf(runbook, episode, offers.candidates);
  const asked = looks.map((look) => questionOf(ports, inquiry, look));
  const felt = kpis.filter((kpi) => isAbout(kpi, episode.labels)).map(inquiry.kpi);
  return {
    questions: [...first, ...asked, ...inquiry.later, ...felt].filter((one) => one !== null),
    diagnosisOf: (evidence) =>
      reason(
        redacted(ports, episode),
        runbook === null ? null : { title: runbook.title, isFallback: isFallback(runbook) },
        evidence,
      ),
  };
}

type LookOf = ReturnType<typeof looksOf>[number];

/** What no source is configured for is left out: it is not unknown, it is not there. */
function questionOf(ports: Inquirer, inquiry: Inquiry, look: LookOf): Question | null {
  if (!look.ok) {
    const { title, reason: why } = look;
    return { kind: "probe", title, ask: () => Promise.reject(new Error(why.text)) };
  }
  const { title, promql, logql, probe } = look.evidence;
  if (promql !== undefined) return inquiry.promql(title, promql);
  if (logql !== undefined) return inquiry.logql(title, logql);
  if (probe === undefined) return null;
  const target = look.target ?? { name: "", host: "", executor: probe.executor, directory: "/" };
  return {
    kind: "probe",
    title,
    ask: async () => {
      const result = await runProbe(ports, probe, target);
      if (result.status === "missing") throw new Error(result.text);
      return result.text;
    },
  };
}

function redacted(
  { redact }: Inquirer,
  { labels, annotations }: Pick<Episode, "labels" | "annotations">,
) {
  return {
    labels,
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, text]) => [name, redact(text)]),
    ),
  };
}
