import type { Channel } from "./approval/approval.ts";
import type { IncidentView } from "./chat/card.ts";
import type { Labels } from "./incident/alert.ts";

/** What can be rehearsed. Each is an alert that a runbook is shipped for, on things that need not be there. */
export const DRILLS = {
  cpu_spike: { labels: { alertname: "HighCPU" }, summary: "The processor is busy" },
  container_down: {
    labels: { alertname: "ContainerDown", name: "drill-container" },
    summary: "A container does not run",
  },
  disk_full: { labels: { alertname: "DiskFull", mountpoint: "/" }, summary: "A disk is full" },
  service_down: {
    labels: { alertname: "ServiceDown", name: "drill.service" },
    summary: "A service has failed",
  },
  host_down: { labels: { alertname: "HostDown" }, summary: "A machine does not answer" },
} as const;
export type DrillType = keyof typeof DRILLS;
const DRILL_HOST = "drill-host";

/** No two drills are the same alert, so that none re-opens another's incident. */
export function drillAlert(
  type: DrillType,
  { name, without, more = {} }: { name: string; without: readonly string[]; more?: Labels },
): { readonly labels: Labels; readonly annotations: Labels } {
  const { labels, summary } = DRILLS[type];
  return {
    labels: {
      ...{ severity: "warning", instance: DRILL_HOST, ...labels, drill: name },
      ...(without.length === 0 ? {} : { without: without.join(",") }),
      ...more,
    },
    annotations: { summary: `DRILL, not real: ${summary}` },
  };
}

/** What is stored of a drill so far. */
export interface Progress {
  readonly view: IncidentView;
  readonly cards: readonly { readonly channel: string; readonly messageId: string | null }[];
}

export type Stage = "incident" | "evidence" | "diagnosis" | "proposal" | "model" | Channel;

/** How far a stage is. What has failed will not come any more. */
export interface Sight {
  readonly state: "waiting" | "seen" | "failed";
  readonly detail: string;
}

export function lookAt(stage: Stage, { view, cards }: Progress): Sight {
  const { diagnosis } = view;
  switch (stage) {
    case "incident":
      return seen(view.incident.id);
    case "evidence": {
      if (diagnosis === null) return waiting("no evidence is stored");
      const found = view.evidence.filter(({ status }) => status === "found").length;
      return seen(`${found} of ${view.evidence.length} looks found something`);
    }
    case "diagnosis":
      return diagnosis === null
        ? waiting("no diagnosis is stored")
        : seen(`by the rules, confidence ${diagnosis.confidence}: ${diagnosis.cause}`);
    case "proposal":
      return proposalIn(view);
    case "model":
      return modelIn(view);
    case "slack":
    case "telegram":
    case "console":
      return cardIn(cards, stage);
  }
}

function proposalIn({ requests: [request], diagnosis, isInvestigating, incident }: IncidentView) {
  if (request === undefined) {
    // A step that failed comes back later: only the end of the time says that nothing comes.
    const isOver = diagnosis !== null && !isInvestigating;
    const alert = incident.title.replace("DRILL ", "");
    return waiting(isOver ? `no runbook offers a fix for ${alert}` : "nothing is proposed");
  }
  const [first] = request.reasons;
  const why = first === undefined ? request.state : (madeUp(first.text) ?? first.text);
  return seen(`${request.proposal.actionTitle}: ${why}`);
}

/** Nobody is to put into the inventory what only the drill speaks of. */
function madeUp(reason: string): string | null {
  const [, name] = /^"(drill[-.]\w+)" is not in the inventory/.exec(reason) ?? [];
  if (name === undefined) return null;
  const label = name === DRILL_HOST ? "instance" : "name";
  return `it would be refused, since "${name}" is made up: --label ${label}=<one of yours> aims the drill at something real`;
}

function modelIn({ opinion }: IncidentView): Sight {
  if (opinion == null) return waiting("the model has not answered");
  if (!("cause" in opinion)) return failed(opinion.note);
  const { model, isInsufficient, confidence, dropped, unsupported, costUsd } = opinion;
  const says = isInsufficient ? "finds the evidence insufficient" : `confidence ${confidence}`;
  const marked = `${dropped.length} parts dropped, ${unsupported.length} marked unsupported`;
  return seen(`${model}: parsed and checked, ${says}; ${marked}; $${costUsd.toFixed(4)}`);
}

function cardIn(cards: Progress["cards"], chat: Channel): Sight {
  const posted = cards.find(({ channel, messageId }) => channel === chat && messageId !== null);
  return posted === undefined
    ? waiting(`no card is posted in ${chat}`)
    : seen(`posted as message ${posted.messageId}`);
}

const seen = (detail: string): Sight => ({ state: "seen", detail });
const waiting = (detail: string): Sight => ({ state: "waiting", detail });
const failed = (detail: string): Sight => ({ state: "failed", detail });
