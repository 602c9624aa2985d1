import type { Baseline, Finding } from "./baseline.ts";
import { compare, SOMEWHERE, usualBaselines } from "./baseline.ts";
import { sayFinding } from "./say-finding.ts";
import type { Series, Window } from "./series.ts";
import type { Signal } from "./signal.ts";
import type { Call, Topology } from "./topology.ts";
import { calleesOf, evidencePaths } from "./topology.ts";

/** A series with what is known of it. */
export interface Observed {
  readonly series: Series;
  readonly signal: Signal;
  /** Null for what belongs to no service: it is ranked among the series only. */
  readonly service: string | null;
  /** Of an edge delay: whose call it is. */
  readonly call?: Call;
}

export interface Context {
  /** The usual three, where none are given. */
  readonly baselines?: readonly Baseline[];
  readonly topology?: Topology;
  /** The service the alert is about. What only others feel is suspected where a way of calls leads to it from here. */
  readonly alerting?: string;
}

/**
 * Why a service is suspected, the most telling first: what it uses itself or loses on its calls has changed; its callers feel
 * it and nothing that it calls explains it; what it calls is asked for less or more than usual, and not because of its own callers.
 */
export type Evidence = "inside" | "edge" | "outside" | "calls";

export interface Suspect {
  readonly service: string;
  /** Grows with the deviation; to be compared within one ranking only. */
  readonly score: number;
  readonly evidence: Evidence;
  /** Ready to be printed. */
  readonly reasons: readonly string[];
  /** What stands out of it, causes before effects. */
  readonly findings: readonly Finding[];
}

export interface Ranking {
  /** The likeliest first. */
  readonly suspects: readonly Suspect[];
  /** Every series that stands out: those of the suspects in their order, then the rest by size. */
  readonly findings: readonly Finding[];
  /** The largest deviation of a series, where 1 is what stands out; for a gauge. */
  readonly score: number;
  /** Why nobody is suspected, ready to be printed; null where somebody is. */
  readonly nothing: string | null;
}

/** Spreads from the usual at which a series stands out that nobody asked about: among hundreds one is always at three. */
export const STANDS_OUT = 5;

/** The same for the series of an alert, which somebody else's rule has found wanting already. */
export const ASKED = 2;

/** What is known of one service, by the largest deviation of each kind. */
interface Service {
  readonly name: string;
  readonly inside: number | null;
  readonly outside: number | null;
  readonly traffic: number;
  readonly edges: readonly number[];
  readonly findings: readonly Finding[];
}

interface Candidate extends Suspect {
  /** Lower goes first, whatever the score. */
  readonly tier: number;
}

/** Ranks what changed in the window: the series, and the services they belong to. The order of what it is given does not matter. */
export function rank(
  observed: readonly Observed[],
  window: Window,
  { baselines = usualBaselines(window), topology = { calls: [] }, alerting }: Context = {},
): Ranking {
  const compared = observed.map((one) => ({
    ...one,
    finding: compare(one.series, one.signal, { window, baselines, lasts: SOMEWHERE }),
  }));
  const services = servicesOf(compared, topology);
  const isQuiet = alerting !== undefined && isAsUsual(services.get(alerting));
  const suspects = isQuiet ? [] : suspectsOf(services, topology, alerting);
  const standing = compared.map(({ finding }) => finding).filter(standsOut);
  const ofSuspects = suspects.flatMap(({ findings }) => findings);
  const rest = standing.filter((finding) => !ofSuspects.includes(finding)).sort(bySize);
  return {
    suspects,
    findings: [...new Set([...ofSuspects, ...rest])],
    score: (largest(compared.map(({ finding }) => finding)) ?? 0) / STANDS_OUT,
    nothing: suspects.length > 0 ? null : sayNothing(standing.length, isQuiet ? alerting : null),
  };
}

function servicesOf(
  compared: readonly (Observed & { readonly finding: Finding })[],
  { calls }: Topology,
): Map<string, Service> {
  const called = new Set(calls.map(({ callee }) => callee));
  const byName = new Map<string, Finding[]>();
  const edges = new Map<string, Finding[]>();
  for (const { service, call, finding } of compared) {
    if (call !== undefined) {
      for (const end of [call.caller, call.callee]) push(edges, end, finding);
    } else if (service !== null) push(byName, service, finding);
  }
  const names = new Set([...byName.keys(), ...edges.keys()]);
  return new Map(
    [...names].map((name) => {
      // What could not be compared tells nothing, not even that all is as usual.
      const own = (byName.get(name) ?? []).filter(({ closest }) => closest !== null);
      const delays = edges.get(name) ?? [];
      // Where its callers are known, they are who is asked why it has more or less to do.
      const isTraffic = ({ signal }: Finding) => signal.kind === "traffic" && called.has(name);
      return [
        name,
        {
          name,
          inside: largest(own.filter(({ signal }) => signal.side === "inside")),
          outside: largest(own.filter((one) => one.signal.side === "outside" && !isTraffic(one))),
          traffic: largest(own.filter(({ signal }) => signal.kind === "traffic")) ?? 0,
          // A call that became faster explains no trouble.
          edges: delays.map(({ score }) => Math.max(0, score)),
          findings: [...own, ...delays.filter(({ score }) => score > 0)]
            .filter(standsOut)
            .sort(causesFirst),
        },
      ] as const;
    }),
  );
}

function suspectsOf(
  services: ReadonlyMap<string, Service>,
  topology: Topology,
  alerting: string | undefined,
): Suspect[] {
  const callees = calleesOf(topology);
  const felt = (name: string) => services.get(name)?.outside ?? 0;
  const paths = alerting === undefined ? null : evidencePaths(alerting, callees, felt, STANDS_OUT);
  const candidates = [...services.values()].flatMap((service): Candidate[] => {
    const reasons = service.findings.map(sayFinding);
    const told = { service: service.name, reasons, findings: service.findings };
    const own = ownEvidence(service);
    if (own !== null) return [{ ...told, ...own, tier: 0 }];
    if (felt(service.name) >= STANDS_OUT) {
      if (paths !== null && !paths.has(service.name)) return [];
      const score = (paths?.get(service.name) ?? Math.log1p(felt(service.name))) / 2;
      const tier = tierOf(service, topology, callees, felt, alerting);
      return [{ ...told, score, evidence: "outside", tier }];
    }
    const calls = changedCalls(service, services, callees);
    if (calls === null) return [];
    const said = calls.findings.map(sayFinding);
    const reason = `what ${service.name} calls is asked for differently, itself it is not`;
    return [{ ...told, ...calls, reasons: [reason, ...said], evidence: "calls", tier: LAST }];
  });
  return candidates
    .sort((a, b) => a.tier - b.tier || b.score - a.score || (a.service < b.service ? -1 : 1))
    .map(({ tier: _tier, ...suspect }) => suspect);
}

/** What a service uses itself, or the mean of what its calls lose: of a slow service every call is, of its caller one of many. */
function ownEvidence({
  inside,
  edges,
  findings,
}: Service): Pick<Suspect, "score" | "evidence"> | null {
  const isInside = (inside ?? 0) >= STANDS_OUT;
  const isEdge = findings.some(({ signal }) => signal.side === "edge");
  if (!isInside && !isEdge) return null;
  const byInside = Math.log1p(inside ?? 0);
  const byEdge = meanLog(edges);
  return byInside >= byEdge
    ? { score: byInside, evidence: isInside ? "inside" : "edge" }
    : { score: byEdge, evidence: "edge" };
}

/** Where a service stands whose callers feel it, and nothing more is known of it. */
function tierOf(
  { name, inside }: Service,
  { seenByCallersOnly }: Topology,
  callees: ReadonlyMap<string, ReadonlySet<string>>,
  felt: (name: string) => number,
  alerting: string | undefined,
): number {
  if (name === alerting) return 5;
  const isExplained = [...(callees.get(name) ?? [])].some((callee) => felt(callee) >= STANDS_OUT);
  // Its own usage is known and as usual: rather a victim.
  if (inside !== null) return isExplained ? 4 : 3;
  if (isExplained) return 2;
  return seenByCallersOnly?.has(name) ? 1 : 0;
}

/** Changed demand is believed where nothing else is to be seen: what is slow is asked less by everybody. */
const LAST = 6;

/** Latency and errors travel from the called to the caller, demand the other way. */
function changedCalls(
  { name, traffic }: Service,
  services: ReadonlyMap<string, Service>,
  callees: ReadonlyMap<string, ReadonlySet<string>>,
): { score: number; findings: readonly Finding[] } | null {
  const called = [...(callees.get(name) ?? [])].flatMap((callee) => services.get(callee) ?? []);
  const changed = called.filter((service) => service.traffic >= STANDS_OUT);
  if (traffic >= STANDS_OUT || changed.length === 0) return null;
  const findings = changed
    .flatMap((service) => service.findings)
    .filter(({ signal }) => signal.kind === "traffic");
  return { score: meanLog(called.map((service) => service.traffic)) / 2, findings };
}

function isAsUsual(service: Service | undefined): boolean {
  if (service === undefined) return false;
  const { inside, outside, traffic, edges } = service;
  return Math.max(inside ?? 0, outside ?? 0, traffic, ...edges) < ASKED;
}

function sayNothing(standing: number, quiet: string | null | undefined): string {
  const elsewhere = standing === 0 ? "" : `; ${standing} series elsewhere do`;
  if (quiet !== null && quiet !== undefined) {
    return `Nothing of ${quiet} stands out against its baselines${elsewhere}.`;
  }
  return standing === 0 ? "Nothing stands out." : `No service stands out${elsewhere}.`;
}

/** What fills up comes before what gets busy by it, what a service uses before what others feel. */
const CAUSES_FIRST: readonly Signal["kind"][] = ["memory", "disk", "queue", "processor"];

function causesFirst(a: Finding, b: Finding): number {
  return causeOf(a) - causeOf(b) || bySize(a, b);
}

function causeOf({ signal, score }: Finding): number {
  const at = CAUSES_FIRST.indexOf(signal.kind);
  // What is used less fills nothing up.
  if (at >= 0) return score > 0 ? at : CAUSES_FIRST.length;
  return signal.side === "edge" ? 1 + CAUSES_FIRST.length : 2 + CAUSES_FIRST.length;
}

function bySize(a: Finding, b: Finding): number {
  return Math.abs(b.score) - Math.abs(a.score) || (a.series.id < b.series.id ? -1 : 1);
}

function standsOut({ score }: Finding): boolean {
  return Math.abs(score) >= STANDS_OUT;
}

function largest(findings: readonly Finding[]): number | null {
  return findings.reduce<number | null>(
    (most, { score }) => Math.max(most ?? 0, Math.abs(score)),
    null,
  );
}

function meanLog(scores: readonly number[]): number {
  // In one order, for a sum of fractions depends on it, and the ranking must not.
  const sum = scores.toSorted((a, b) => a - b).reduce((total, one) => total + Math.log1p(one), 0);
  return sum / Math.max(1, scores.length);
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
