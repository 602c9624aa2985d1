import type { PlannedRequest } from "../approval/approval.ts";
import { isGrant } from "../approval/approval.ts";
import type { Episode } from "../incident/alert.ts";
import type { Rebuilt } from "../remediation/propose.ts";
import { rebuild } from "../remediation/propose.ts";
import type { Confirmation, Look } from "./facts.ts";
import { confirm, lookAtPrecondition, whyOver, whyUnsure } from "./facts.ts";
import type { Ports } from "./ports.ts";
import { refresh } from "./refresh.ts";
import { within } from "./within.ts";

/** A chat waits for the answer to a click: what takes longer is left to the look right before the run. */
const LOOK_WITHIN_MS = 1_000;

/** What a click on Approve is told of the world. */
export interface Sight {
  /** Why it is not needed any more; null where nothing says so. */
  readonly over: string | null;
  /** What nobody could find out in time. */
  readonly doubts: readonly string[];
}

const NOTHING_SEEN: Sight = { over: null, doubts: [] };

/** P8 at the click: the look right before the run, only sooner and shorter. Many clicks on one request look once. */
export function createLookNow(ports: Ports, withinMs = LOOK_WITHIN_MS) {
  const underWay = new Map<string, Promise<Sight>>();

  return (request: PlannedRequest): Promise<Sight> => {
    const sooner = underWay.get(request.id);
    if (sooner !== undefined) return sooner;
    const sight = look(ports, request, withinMs).finally(() => underWay.delete(request.id));
    underWay.set(request.id, sight);
    return sight;
  };
}

async function look(ports: Ports, request: PlannedRequest, withinMs: number): Promise<Sight> {
  // Nothing is to run for it: its record is read again when it is given.
  if (isGrant(request)) return NOTHING_SEEN;
  const episode = request.episodeId === null ? null : await ports.store.episode(request.episodeId);
  const rebuilt = rebuiltFor(ports, request, episode);
  // What its runbook does not hold any more is voided right before the run, with the reason.
  if (rebuilt === null) return NOTHING_SEEN;
  const [{ confirmation, precondition }, stale] = await Promise.all([
    lookWithin(ports, { episode, rebuilt, target: request.proposal.target }, withinMs),
    episode === null ? null : refresh(ports, episode, withinMs),
  ]);
  const unsure = whyUnsure(confirmation, precondition);
  return {
    over: whyOver(episode, confirmation, precondition),
    doubts: [unsure === null ? null : `It waits: ${unsure}`, stale].filter(
      (doubt) => doubt !== null,
    ),
  };
}

/** Whether the alert still fires and the precondition still holds, as far as that can be known in time. */
export async function lookWithin(
  ports: Ports,
  about: {
    readonly episode: Episode | null;
    readonly rebuilt: Rebuilt;
    readonly target: PlannedRequest["proposal"]["target"];
  },
  withinMs = LOOK_WITHIN_MS,
): Promise<{ confirmation: Confirmation; precondition: Look }> {
  const { episode, rebuilt, target } = about;
  const late: Look = { state: "unknown", detail: `no answer within ${withinMs / 1000} s` };
  const [confirmation, precondition] = await Promise.all([
    within<Confirmation>(withinMs, confirm(ports, episode), "unreachable"),
    within(withinMs, lookAtPrecondition(ports, rebuilt.precondition, target), late),
  ]);
  return { confirmation, precondition };
}

function rebuiltFor(
  { catalogue }: Ports,
  { proposal }: PlannedRequest,
  episode: Episode | null,
): Rebuilt | null {
  const runbook = catalogue.read().runbooks.find(({ id }) => id === proposal.runbookId);
  if (runbook === undefined) return null;
  const { actionId, params, target } = proposal;
  const rebuilt = rebuild({ runbook, actionId, params, target, labels: episode?.labels ?? {} });
  return rebuilt.ok ? rebuilt.value : null;
}
