import type { IncomingAlert, Labels, Source } from "./alert.ts";

/**
 * How far the sender of a webhook can be believed without asking the source itself:
 * `key` showed an accepted key, `loopback` came from this machine with a loopback Host and no
 * forwarding headers, `none` is everything else that was let in.
 */
export type Trust = "key" | "loopback" | "none";

/** What one webhook call carries. */
export interface AlertGroup {
  readonly source: Source;
  /** Null where the body has none: then each alert stands alone, by fingerprint. */
  readonly groupKey: string | null;
  readonly receiver: string | null;
  readonly groupLabels: Labels;
  readonly externalUrl: string | null;
  /** How many members the sender left out: such a group is never acted on unasked. */
  readonly truncatedAlerts: number;
  readonly trust: Trust;
  readonly alerts: readonly IncomingAlert[];
  readonly receivedAt: Date;
  readonly extra: Readonly<Record<string, unknown>> | null;
}

/** The answer to one webhook: received = fresh + updated + deduplicated. */
export interface Acceptance {
  readonly received: number;
  readonly fresh: number;
  readonly updated: number;
  readonly deduplicated: number;
  readonly incidents: readonly string[];
}
