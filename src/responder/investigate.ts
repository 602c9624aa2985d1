import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import { reason } from "../diagnosis/reason.ts";
import type { Question } from "../evidence/collect.ts";
import { collect } from "../evidence/collect.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Episode } from "../incident/alert.ts";
import { looksOf, propose } from "../remediation/propose.ts";
import { isFallback } from "../remediation/runbook.ts";
import { runProbe } from "./facts.ts";
import { numbers } from "./numbers.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

const DEADLINE_MS = 8_000;

/** Collects what the runbook wants looked at and reads it by rule; the proposal follows whatever came of this. */
export async function investigate(ports: Ports, episodeId: number): Promise<StepEnd> {
  const episode = await ports.store.episode(episodeId);
  if (episode === null) return DONE;
  const { questions, diagnosisOf } = questionsAbout(ports, episode);
  ports.crashPoint("before-looks");
  const items = await collect(questions, { deadlineMs: DEADLINE_MS, now: ports.now });
  await ports.store.saveFindings(episode, items, diagnosisOf);
  return DONE;
}

/** What the runbook of an alert wants looked at, and how its answers are read. */
export function questionsAbout(
  ports: Ports,
  episode: Episode,
): {
  readonly questions: readonly Question[];
  readonly diagnosisOf: (items: readonly EvidenceItem[]) => Diagnosis;
} {
  const { runbooks, policy } = ports.catalogue.read();
  const offers = propose({
    alert: episode,
    runbooks,
    policy: policy.ok ? policy.policy : null,
  });
  const { runbook } = offers;
  return {
    questions:
      runbook === null
        ? []
        : looksOf(runbook, episode, offers.candidates).flatMap((look) => questionsOf(ports, look)),
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
function questionsOf(ports: Ports, look: LookOf): Question[] {
  if (!look.ok) {
    const { title, reason: why } = look;
    return [{ kind: "probe", title, ask: () => Promise.reject(new Error(why.text)) }];
  }
  const { title, promql, probe } = look.evidence;
  const { prometheus } = ports;
  if (promql !== undefined && prometheus !== null) {
    return [{ kind: "promql", title, ask: async () => numbers(await prometheus.query(promql)) }];
  }
  if (probe !== undefined) {
    const target = look.target ?? { name: "", host: "", executor: probe.executor, directory: "/" };
    return [
      {
        kind: "probe",
        title,
        ask: async () => {
          const result = await runProbe(ports, probe, target);
          if (result.status === "missing") throw new Error(result.text);
          return result.text;
        },
      },
    ];
  }
  return [];
}

function redacted({ redact }: Ports, { labels, annotations }: Episode) {
  return {
    labels,
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, text]) => [name, redact(text)]),
    ),
  };
}
