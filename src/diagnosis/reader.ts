import { createHash } from "node:crypto";
import { standingOf } from "../evidence/standing.ts";
import type { Limits, Reserve } from "./budget.ts";
import { checkOpinion } from "./check-opinion.ts";
import type { Consulted } from "./consult.ts";
import { consult, isWorthTwo } from "./consult.ts";
import type { Deliberation } from "./deliberate.ts";
import { deliberate, openingOf } from "./deliberate.ts";
import type { Ledger } from "./meter.ts";
import { createMeter } from "./meter.ts";
import type { Model } from "./model.ts";
import { addUsage, NO_USAGE } from "./model.ts";
import type { Opinion } from "./opinion.ts";
import { createPause } from "./pause.ts";
import type { PricedModel } from "./prices.ts";
import { promptHash, promptOf } from "./prompt.ts";
import type { Case, Known, Reader, Reading, ReadingOf, Tool } from "./reading.ts";
import type { Recalled } from "./spending.ts";
import { firstTurn } from "./talk.ts";
import type { Veil } from "./veil.ts";
import { behind, createVeil } from "./veil.ts";

const MOST_TOOL_CALLS = 8;
const MAX_OUTPUT_TOKENS = 4_000;
/** So soon after the last reading nothing is different. */
const REUSE_MS = 30 * 60_000;
/** A reading whose fix helped is worth showing again for a while. */
const RECALL_MS = 30 * 24 * 3_600_000;

export interface ReaderDeps {
  readonly main: PricedModel;
  /** Reads first, where there is one; the main one reads what it could not settle. */
  readonly triage: PricedModel | null;
  readonly limits: Limits;
  /** Whether models know hosts and addresses by stand-ins only. */
  readonly hidesHosts: boolean;
  /** For all the calls of one reading. */
  readonly timeoutMs: number;
  readonly ledger: Ledger & {
    recall(pattern: string, since: Date): Promise<Recalled | null>;
  };
  readonly now: () => Date;
}

/** One veil a reading, so that all who read know a host by the same stand-in. */
type Wish = ReadingOf & { readonly veil: Veil | null };

/**
 * Lets a model read the evidence, within what it may cost. Everything here can fail, be slow or be switched off: the
 * card, its buttons and what runs never wait for it.
 */
export function createReader(deps: ReaderDeps): Reader {
  const { main, triage, limits, timeoutMs, ledger, now } = deps;
  const meter = createMeter(limits, ledger);
  const pause = createPause(now);
  /** Models whose server does not take tools; vLLM needs a flag for it. */
  const withoutTools = new Set<string>();
  const models = triage === null ? [main] : [triage, main];

  async function read(asked: ReadingOf): Promise<Reading> {
    const wish = { ...asked, veil: deps.hidesHosts ? createVeil(asked.hosts) : null };
    const pattern = patternOf(main.model, wish.about);
    const earlier = await recall(pattern);
    if (earlier !== null) return { outcome: "read", pattern, opinion: earlier };
    const paused = pause.why();
    if (paused !== null) return { outcome: "none", pattern, why: paused, isPassing: false };

    const startedAt = performance.now();
    const signal = AbortSignal.any([wish.signal, AbortSignal.timeout(timeoutMs)]);
    const consulted = await consultFor(wish, signal);
    const informed = { ...wish, about: { ...wish.about, ...summariesOf(consulted) } };
    let problem = { why: "it gave no answer", isPassing: false };
    for (const priced of models) {
      const result = await ask(priced, informed, signal);
      const opinion = opinionOf(priced, result, { known: wish.known, consulted, startedAt });
      // The cheaper one is believed where it is sure and rests on something.
      if (opinion !== null && (priced === main || isSettled(opinion))) {
        return { outcome: "read", pattern, opinion };
      }
      problem = { why: result.problem ?? problem.why, isPassing: result.isPassing };
    }
    return { outcome: "none", pattern, ...problem };
  }

  /** Where it is worth it, and what the reading itself may take is left over. */
  async function consultFor(
    { incidentId, about, tools, isUrgent, veil }: Wish,
    signal: AbortSignal,
  ): Promise<(Consulted & { readonly costUsd: number }) | null> {
    if (isUrgent === true || !isWorthTwo(about)) return null;
    const priced = triage ?? main;
    const reserve = reserveFor(about, tools);
    const consulted = await consult(shownThrough(veil, priced.model), about, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs / 3))]),
      meter: (atMost, call) => meter.through({ priced, incidentId, reserve }, atMost, call),
    });
    return { ...consulted, costUsd: priced.tariff.costUsd(consulted.usage) };
  }

  function reserveFor(about: Case, tools: readonly Tool[]): Reserve {
    const prompt = promptOf(about);
    const turn = firstTurn(openingOf(prompt, tools, MAX_OUTPUT_TOKENS), prompt.text);
    const usd = models.reduce((sum, { tariff }) => sum + tariff.costUsd(turn), 0);
    return { calls: models.length, usd };
  }

  async function recall(pattern: string): Promise<Opinion | null> {
    const at = now();
    const earlier = await ledger.recall(pattern, new Date(at.getTime() - RECALL_MS));
    if (earlier === null) return null;
    const isFresh = at.getTime() - earlier.at.getTime() <= REUSE_MS;
    return isFresh || earlier.outcome === "verified" ? shownAgain(earlier, at) : null;
  }

  async function ask(priced: PricedModel, wish: Wish, signal: AbortSignal) {
    const { name } = priced.model;
    const result = await askWith(priced, wish, signal, !withoutTools.has(name));
    if (result.failure !== "misunderstood" || withoutTools.has(name)) return result;
    withoutTools.add(name);
    return await askWith(priced, wish, signal, false);
  }

  async function askWith(
    priced: PricedModel,
    wish: Wish,
    signal: AbortSignal,
    mayLook: boolean,
  ): Promise<Deliberation> {
    const result = await deliberate(shownThrough(wish.veil, priced.model), promptOf(wish.about), {
      tools: mayLook ? wish.tools : [],
      mostToolCalls: MOST_TOOL_CALLS,
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      signal,
      meter: (atMost, call) => meter.through({ priced, incidentId: wish.incidentId }, atMost, call),
    });
    // Who gave up waiting says nothing about the provider.
    if (result.failure !== null && !wish.signal.aborted) pause.failed();
    else if (result.failure === null && result.calls > 0) pause.succeeded();
    return result;
  }

  function opinionOf(
    { model, tariff }: PricedModel,
    { answer, usage, calls }: Deliberation,
    by: {
      readonly known: () => Known;
      readonly consulted: Awaited<ReturnType<typeof consultFor>>;
      readonly startedAt: number;
    },
  ): Opinion | null {
    if (answer === null) return null;
    const { consultation, ...before } = by.consulted ?? NOBODY;
    const told = consultation?.outcome === "held" ? consultation.summaries : [];
    const { summaries, ...checked } = checkOpinion(answer, by.known(), told);
    return {
      ...checked,
      ...{ provider: model.provider, model: model.name, promptHash },
      consultation:
        consultation?.outcome === "held" ? { outcome: "held", summaries } : consultation,
      usage: addUsage(before.usage, usage),
      calls: before.calls + calls,
      costUsd: before.costUsd + tariff.costUsd(usage),
      tookMs: Math.round(performance.now() - by.startedAt),
      at: now(),
      recalledFrom: null,
    };
  }

  return { read };
}

function shownThrough(veil: Veil | null, model: Model): Model {
  return veil === null ? model : behind(veil, model);
}

const NOBODY = { consultation: null, usage: NO_USAGE, calls: 0, costUsd: 0 };

function summariesOf(consulted: Consulted | null): Pick<Case, "summaries"> {
  const { consultation } = consulted ?? NOBODY;
  return consultation?.outcome === "held" ? { summaries: consultation.summaries } : {};
}

/** Without its citations, which are of the other incident's evidence. */
function shownAgain({ opinion, incidentId, outcome }: Recalled, at: Date): Opinion {
  const came = outcome === null ? "nothing was done" : `its fix was ${outcome.replace("_", " ")}`;
  return {
    ...opinion,
    cites: [],
    impactCites: [],
    hypotheses: opinion.hypotheses.map((each) => ({ ...each, cites: [] })),
    consultation: null,
    ...{ usage: NO_USAGE, costUsd: 0, calls: 0, tookMs: 0, at },
    recalledFrom: opinion.recalledFrom ?? { incidentId, outcome: came },
  };
}

function isSettled({ isInsufficient, confidence, unsupported }: Opinion): boolean {
  return !isInsufficient && confidence === "high" && unsupported.length === 0;
}

/** The same alert on the same thing, felt alike, under the same runbook, prompt and model. */
function patternOf({ provider, name }: Model, { alert, prose, offers, evidence }: Case): string {
  const labels = Object.entries(alert.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const felt = new Map(evidence.map((item) => [item.title, standingOf(item)]));
  const kpis = [...felt].filter(([, standing]) => standing !== null);
  const seen = [promptHash, provider, name, labels, prose, offers, kpis];
  return createHash("sha256").update(JSON.stringify(seen)).digest("hex").slice(0, 32);
}
