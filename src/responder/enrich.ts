import { randomUUID } from "node:crypto";
import type { NewRequest } from "../approval/approval.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { Opinion } from "../diagnosis/opinion.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Executor } from "../execution/execution.ts";
import type { Alert, Episode, Labels } from "../incident/alert.ts";
import { nameOf, placeOf, severityOf } from "../incident/alert.ts";
import type { AlertGroup } from "../incident/alert-group.ts";
import type { Incident } from "../incident/incident.ts";
import type { Command, Outcome, Reason, Risk } from "../remediation/proposal.ts";
import { investigate } from "./investigate.ts";
import { opine } from "./opine.ts";
import type { Ports, ResponderStore } from "./ports.ts";
import { putForward } from "./put-forward.ts";
import { within } from "./within.ts";

/** A group's alerts are mostly one thing: so many of them are looked at. */
const MOST_ALERTS = 10;
const COLLECT_MS = 8_000;
/** What is kept back, so that the answer is there in time whatever was asked. */
const MARGIN_MS = 250;
/** A model that is given less would only be paid for. */
const LEAST_FOR_MODEL_MS = 3_000;

export interface Enrichment {
  readonly incident: {
    readonly title: string;
    readonly severity: Incident["severity"];
    readonly state: "open" | "resolved";
    readonly source: AlertGroup["source"];
    readonly groupKey: string | null;
    readonly alerts: readonly Pick<
      Alert,
      "fingerprint" | "status" | "startsAt" | "labels" | "annotations"
    >[];
    readonly truncatedAlerts: number;
    /** Alerts of the body that fire and were not looked at. */
    readonly notLookedAt: number;
  };
  readonly evidence: readonly EvidenceItem[];
  /** By the rules; `opinion` is a model's, and null where there is none, with the reason in `noOpinion`. */
  readonly diagnosis:
    | (Diagnosis & { readonly opinion: Opinion | null; readonly noOpinion: string | null })
    | null;
  readonly proposals: readonly {
    readonly fingerprint: string;
    readonly runbook: string;
    readonly action: string;
    readonly title: string;
    readonly target: string | null;
    readonly params: Readonly<Record<string, string>>;
    readonly command: Command | null;
    readonly risk: Risk;
    readonly verdict: Outcome;
    readonly reasons: readonly Reason[];
  }[];
}

/**
 * The journey up to the proposal, over a store that keeps what it is told in memory: what people would be shown, and
 * no trace of it but what a model was paid. Nobody can approve what comes of it.
 */
export async function enrich(
  ports: Ports,
  group: AlertGroup,
  timeoutMs: number,
): Promise<Enrichment> {
  const endsAt = performance.now() + timeoutMs - MARGIN_MS;
  const left = () => Math.max(0, endsAt - performance.now());
  const { episodes, firing } = episodesOf(ports, group);
  const looked = firing.slice(0, MOST_ALERTS);
  const notebook = createNotebook(ports, group, episodes);
  const abort = AbortSignal.timeout(Math.max(1, Math.floor(left())));
  const shadow = shadowOf(ports, notebook.store, abort);

  const collectMs = Math.min(COLLECT_MS, left() * 0.6);
  const collected = Promise.all(looked.map(({ id }) => investigate(shadow, id, collectMs)));
  await within(left(), quiet(collected), undefined);
  const mayAsk = looked.length > 0 && left() >= LEAST_FOR_MODEL_MS;
  if (!mayAsk && ports.reader !== null) notebook.noOpinion("too little time was left to ask it");
  // A model is asked once, and not again a little later: nobody waits for that here.
  const reading = mayAsk ? opine(shadow, notebook.incidentId, Number.POSITIVE_INFINITY) : null;
  const proposing = Promise.all(looked.map(({ id }) => putForward(shadow, id)));
  await within(left(), quiet(Promise.all([reading, proposing])), undefined);

  return {
    incident: {
      ...headOf(episodes),
      ...{ source: group.source, groupKey: group.groupKey },
      alerts: episodes.map(({ fingerprint, status, startsAt, labels, annotations }) => ({
        ...{ fingerprint, status, startsAt },
        ...{ labels: cleaned(ports, labels), annotations: cleaned(ports, annotations) },
      })),
      truncatedAlerts: group.truncatedAlerts,
      notLookedAt: firing.length - looked.length,
    },
    ...notebook.read(),
  };
}

/** A part that fails leaves its place empty; what the others found is still worth sending. */
async function quiet(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

function episodesOf({ now }: Ports, group: AlertGroup) {
  const episodes = group.alerts.map(
    (alert, i): Episode => ({
      ...alert,
      ...{ id: -1 - i, source: group.source, incidentId: "", receivedAt: now() },
      startsAt: alert.startsAt ?? group.receivedAt,
    }),
  );
  return { episodes, firing: episodes.filter(({ status }) => status === "firing") };
}

/** Of what could act or tell somebody, nothing is there. */
function shadowOf(ports: Ports, store: ResponderStore, abort: AbortSignal): Ports {
  const never = () => Promise.reject(new Error("nothing is done for a look"));
  const executors = [...ports.executors].map(([name, { dryRun: _, ...executor }]) => {
    const looking: Executor = { ...executor, run: never };
    return [name, looking] as const;
  });
  const { alertmanager, reader } = ports;
  return {
    ...ports,
    store,
    executors: new Map(executors),
    alertmanager: alertmanager && {
      isActive: (alert) => alertmanager.isActive(alert),
      ...{ silence: never, unsilence: never },
    },
    page: null,
    reader: reader && { read: (wish) => reader.read({ ...wish, isUrgent: true }) },
    stopping: AbortSignal.any([ports.stopping, abort]),
  };
}

/** Stands where the store does: reads go through where they are about earlier runs, writes stay here. */
function createNotebook(ports: Ports, group: AlertGroup, all: readonly Episode[]) {
  // Its own, so that the budget of an incident holds for it, too.
  const incidentId = `look_${randomUUID().slice(0, 13)}`;
  const episodes = all.map((episode) => ({ ...episode, incidentId }));
  const evidence: EvidenceItem[] = [];
  const said = {
    diagnosis: null as Diagnosis | null,
    opinion: null as Opinion | null,
    noOpinion: null as string | null,
  };
  const requests: NewRequest[] = [];
  const { title, severity } = headOf(all);
  const incident: Incident = {
    ...{ id: incidentId, source: group.source, groupKey: group.groupKey ?? "", state: "open" },
    ...{ title, severity, openedAt: group.receivedAt, acknowledgedBy: null, resolvedAt: null },
    ...{ truncatedAlerts: group.truncatedAlerts, trust: group.trust, version: 0 },
  };
  const never = (): never => {
    throw new Error("nothing is stored for a look");
  };
  const closed = new Proxy({} as ResponderStore, { get: () => never });

  function add(item: Omit<EvidenceItem, "id">): EvidenceItem {
    const numbered = { ...item, id: `E${evidence.length + 1}` };
    evidence.push(numbered);
    return numbered;
  }
  const store: Partial<ResponderStore> = {
    incident: () => Promise.resolve(incident),
    episode: (id) => Promise.resolve(episodes.find((one) => one.id === id) ?? null),
    found: () => Promise.resolve({ alerts: episodes, evidence: [...evidence] }),
    triedFor: () => Promise.resolve([]),
    hasOpinion: () => Promise.resolve(false),
    isAutohealingOn: () => ports.store.isAutohealingOn(),
    historyOf: (action, limitWindowMs) => ports.store.historyOf(action, limitWindowMs),
    addEvidence: (_, item) => Promise.resolve(add(item)),
    search: (words) => ports.store.search(words),
    saveFindings(_, items, diagnosisOf) {
      const found = items.map(add);
      said.diagnosis ??= diagnosisOf(found);
      return Promise.resolve();
    },
    saveOpinion(_, __, opinion) {
      said.opinion = opinion;
      return Promise.resolve();
    },
    noteNoOpinion(_, __, why) {
      said.noOpinion = why;
      return Promise.resolve();
    },
    propose(request) {
      requests.push(request);
      return Promise.resolve(true);
    },
  };
  return {
    incidentId,
    store: new Proxy(closed, {
      get: (target, name) => Reflect.get(store, name) ?? Reflect.get(target, name),
    }),
    noOpinion(why: string) {
      said.noOpinion = why;
    },
    read: (): Pick<Enrichment, "evidence" | "diagnosis" | "proposals"> => ({
      // The text says it; the series behind it are for drawing.
      evidence: evidence.map(({ measurements: _, ...item }) => item),
      diagnosis: said.diagnosis && {
        ...said.diagnosis,
        opinion: said.opinion,
        noOpinion: said.opinion === null ? (said.noOpinion ?? whyNone(ports)) : null,
      },
      proposals: requests.map((request) => proposalOf(request, episodes)),
    }),
  };
}

function whyNone({ reader }: Ports): string {
  return reader === null ? "no model is set" : "it did not answer in time";
}

const VERDICTS = { denied: "deny", pending: "ask", approved: "auto_run" } as const;

function proposalOf(
  request: NewRequest,
  episodes: readonly Episode[],
): Enrichment["proposals"][number] {
  const { proposal, risk, reasons, episodeId, state } = request;
  const isPlanned = "target" in proposal;
  return {
    fingerprint: episodes.find(({ id }) => id === episodeId)?.fingerprint ?? "",
    ...{ runbook: proposal.runbookId, action: proposal.actionId, title: proposal.actionTitle },
    target: isPlanned ? proposal.target.name : null,
    params: isPlanned ? proposal.params : {},
    command: "plan" in request ? request.plan.command : null,
    ...{ risk, verdict: VERDICTS[state], reasons },
  };
}

const SEVERITIES = ["critical", "warning", "info"] as const;

function headOf(
  episodes: readonly Episode[],
): Pick<Enrichment["incident"], "title" | "severity" | "state"> {
  const firing = episodes.filter(({ status }) => status === "firing");
  const [first] = firing.length > 0 ? firing : episodes;
  const labels = first?.labels ?? {};
  const place = placeOf(labels);
  const given = new Set(episodes.map((episode) => severityOf(episode.labels)));
  return {
    title: place === "" ? nameOf(labels) : `${nameOf(labels)} on ${place}`,
    severity: SEVERITIES.find((severity) => given.has(severity)) ?? null,
    state: firing.length > 0 ? "open" : "resolved",
  };
}

function cleaned({ redact }: Ports, texts: Labels): Labels {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, redact(text)]));
}
