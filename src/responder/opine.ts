import type { Offer } from "../diagnosis/opinion.ts";
import type { Case, Known } from "../diagnosis/reading.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Episode } from "../incident/alert.ts";
import { isWithout } from "../incident/alert.ts";
import { classifyText } from "../remediation/classify.ts";
import { propose } from "../remediation/propose.ts";
import { lookTools } from "./look-tools.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";

const MOST_ATTEMPTS = 3;
const PAUSE_MS = 20_000;

/** Lets a model read what was found of an incident, once. Nothing waits for it, and nothing that runs comes of it. */
export async function opine(ports: Ports, incidentId: string, attempts: number): Promise<StepEnd> {
  const { reader, store } = ports;
  if (reader === null || (await store.hasOpinion(incidentId))) return DONE;
  const found = await store.found(incidentId);
  // Over already: nobody is waiting for the cause, and the history has the facts.
  const episode = found?.alerts.find(({ status }) => status === "firing");
  if (found === null || episode === undefined) return DONE;

  if (isWithout(episode, "model")) {
    await store.noteNoOpinion(incidentId, "", "this drill does without the model");
    return DONE;
  }
  const about = caseOf(ports, episode, found.evidence);
  const evidence = [...found.evidence];
  const reading = await reader.read({
    incidentId,
    about,
    tools: lookTools(ports, {
      episode,
      add: async (item) => {
        const added = await store.addEvidence(episode, item);
        evidence.push(added);
        return added;
      },
    }),
    hosts: hostsOf(ports, found.alerts),
    known: () => knownOf(ports, about, evidence),
    signal: ports.stopping,
  });
  if (reading.outcome === "read") {
    await store.saveOpinion(incidentId, reading.pattern, reading.opinion);
    return DONE;
  }
  const mayAgain = reading.isPassing && attempts < MOST_ATTEMPTS;
  await store.noteNoOpinion(
    incidentId,
    reading.pattern,
    `${reading.why}${mayAgain ? "; it is asked again" : ""}`,
  );
  if (!mayAgain) return DONE;
  return {
    outcome: "again",
    at: new Date(ports.now().getTime() + PAUSE_MS * attempts),
    why: reading.why,
  };
}

const HOST_LABEL =
  /^(?:exported_)?(?:instance|host|hostname|node|nodename|machine|server|target)$/i;

/** By every name that the inventory or an alert of the incident has for one. */
function hostsOf({ catalogue }: Pick<Ports, "catalogue">, alerts: readonly Episode[]): string[] {
  const { policy } = catalogue.read();
  const targets = policy?.targets ?? [];
  return [
    ...targets.flatMap(({ name, host, executor, aliases }) => {
      // There it is a guest's number, or a workload.
      const isHost = executor !== "proxmox" && executor !== "kubernetes";
      return [name, ...(isHost ? [host] : []), ...aliases];
    }),
    ...alerts.flatMap(({ labels }) =>
      Object.entries(labels).flatMap(([name, value]) => (HOST_LABEL.test(name) ? [value] : [])),
    ),
  ];
}

/** What the model is shown; the offers come from the whitelist alone, before it is asked (T26). */
export function caseOf(
  { catalogue, redact }: Pick<Ports, "catalogue" | "redact">,
  episode: Episode,
  evidence: readonly EvidenceItem[],
): Case {
  const { runbooks, policy } = catalogue.read();
  const { runbook, candidates } = propose({ alert: episode, runbooks, policy });
  const offers = candidates.map(
    ({ runbookId, actionId, actionTitle, target, declaredRisk }, i): Offer => ({
      ...{ id: `O${i + 1}`, runbookId, actionId, title: actionTitle },
      ...{ target: target.name, risk: declaredRisk },
    }),
  );
  const cleaned = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, redact(value)]));
  const { labels, annotations, startsAt, status } = episode;
  return {
    alert: { labels: cleaned(labels), annotations: cleaned(annotations), startsAt, status },
    evidence,
    offers,
    prose: runbook === null ? [] : [{ runbookId: runbook.id, text: redact(runbook.body) }],
    topology: (policy?.targets ?? []).map(({ name, labels: theirs }) => ({
      name,
      labels: cleaned(theirs),
    })),
  };
}

function knownOf(
  { linkBases }: Pick<Ports, "linkBases">,
  { alert, offers, prose, topology }: Case,
  evidence: readonly EvidenceItem[],
): Known {
  return {
    evidence,
    offers,
    linkBases,
    words: [
      ...Object.entries({ ...alert.labels, ...alert.annotations }).flat(),
      ...prose.map(({ text }) => text),
      ...topology.flatMap(({ name, labels }) => [name, ...Object.entries(labels).flat()]),
      ...offers.flatMap(({ title, target }) => [title, target]),
    ],
    isReadOnly: (command) => classifyText(command).verdict === "low",
  };
}
