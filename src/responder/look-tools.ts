import type { Tool } from "../diagnosis/reading.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Episode } from "../incident/alert.ts";
import { ownTools } from "./own-tools.ts";
import type { Ports } from "./ports.ts";
import { sourceTools } from "./source-tools.ts";
import { LONGEST_TEXT } from "./tool.ts";

export interface LookingAt {
  readonly episode: Episode;
  readonly add: (item: Omit<EvidenceItem, "id">) => Promise<EvidenceItem>;
}

/** A fact as a tool found it; whatever is in it loses its secrets here. */
export type Keep = (
  item: Pick<EvidenceItem, "kind" | "title" | "text"> & Partial<Pick<EvidenceItem, "status">>,
) => Promise<EvidenceItem>;

/**
 * What a model may ask, all of it reading: the sources, the runbook's own probes, other runbooks, the history. Whatever
 * is found becomes evidence with an id of ours, so that a citation is never the model's own (T29).
 */
export function lookTools(ports: Ports, { episode, add }: LookingAt): readonly Tool[] {
  const { redact, now } = ports;
  const keep: Keep = ({ kind, title, text, status = "found" }) =>
    add({
      ...{ kind, title: redact(title), text: redact(text).slice(0, LONGEST_TEXT), status },
      collectedAt: now(),
    });
  return [...sourceTools(ports, episode, keep), ...ownTools(ports, episode, keep)];
}
