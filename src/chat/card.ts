import type { PlannedRequest, Request } from "../approval/approval.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import type { Execution } from "../execution/execution.ts";
import type { IncidentWithAlerts } from "../incident/incident.ts";
import type { Verification } from "../verification/verification.ts";

/** Everything stored about an incident that a card or a page shows. */
export interface IncidentView {
  readonly incident: IncidentWithAlerts;
  readonly evidence: readonly EvidenceItem[];
  readonly diagnosis: Diagnosis | null;
  /** Newest first. */
  readonly requests: readonly Request[];
  readonly executions: readonly Execution[];
  readonly verifications: readonly Verification[];
  /** Whether the evidence is still being collected. */
  readonly isInvestigating: boolean;
}

/** The requests of a card that people can still decide. */
export function pendingOf(view: IncidentView): PlannedRequest[] {
  return view.requests.filter((request): request is PlannedRequest => request.state === "pending");
}
