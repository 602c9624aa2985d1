import type { Handover } from "../../src/incident/handover.ts";
import { NOW } from "./incidents.ts";

const HOUR_MS = 3_600_000;
const hours = (count: number) => new Date(NOW.getTime() + count * HOUR_MS);

/** Of a night in which one thing of each kind came about. */
export function aHandover(over: Partial<Handover> = {}): Handover {
  return {
    from: hours(-12),
    to: NOW,
    off: "ana",
    on: { person: "ben", from: NOW, to: hours(168) },
    openCount: 2,
    open: [
      {
        id: "inc_1",
        title: "HighCPU",
        severity: "warning",
        acknowledgedBy: "ana",
        openedAt: hours(-3),
      },
      {
        id: "inc_2",
        title: "DiskFull",
        severity: "critical",
        acknowledgedBy: null,
        openedAt: hours(-1),
      },
    ],
    waiting: [
      {
        planCode: "9f3a1c22",
        title: "Clean up",
        target: "web-01",
        risk: "medium",
        expiresAt: hours(1),
      },
    ],
    ran: [
      { title: "Restart nginx", target: "nginx", isUnasked: true, outcome: "verified" },
      { title: "Stop it", target: "db", isUnasked: false, outcome: "still_failing" },
    ],
    silenced: [{ title: "Flapping", until: hours(2) }],
    maintenance: [{ what: "web-01", until: hours(4) }],
    notes: [{ incidentId: "inc_1", title: "HighCPU", person: "ana", text: "the fan was swapped" }],
    ...over,
  };
}
