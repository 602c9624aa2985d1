import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { Clock } from "../../src/chat/pace.ts";
import type { Lab } from "../store/lab.ts";
import { aGroup, anIncoming, HOUR, MINUTE, newRequest } from "../store/lab.ts";

let serial = 0;

/** Alerts by the hundred over a real store, and time that passes only as far as something is due. */
export function createWeather(lab: Lab) {
  /** Where the projector sleeps; null while it is at work. */
  let parked: { until: number; wake: () => void } | null = null;

  const clock: Clock = {
    now: () => lab.now().getTime(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          parked = null;
          resolve();
        };
        if (signal.aborted) return wake();
        parked = { until: lab.now().getTime() + ms, wake };
        signal.addEventListener("abort", wake, { once: true });
      }),
  };

  /** Until nothing more happens at this moment. */
  async function settle(): Promise<void> {
    for (let calm = 0; calm < 3; calm = parked === null ? 0 : calm + 1)
      await new Promise((resolve) => setImmediate(resolve));
  }

  async function pass(ms: number, { nudge }: { nudge(): void }): Promise<void> {
    const end = lab.now().getTime() + ms;
    for (;;) {
      nudge();
      await settle();
      const next = Math.min(end, parked?.until ?? end);
      lab.pass(Math.max(1, next - lab.now().getTime()));
      parked?.wake();
      if (lab.now().getTime() >= end) return await settle();
    }
  }

  /** The key of the newest. */
  async function burst(count: number, labels: Record<string, string> = {}): Promise<number> {
    const groups = Array.from({ length: count }, () => {
      const n = String(serial++);
      const alert = anIncoming({ startsAt: lab.now(), fingerprint: n }, { n, ...labels });
      return aGroup([alert], { groupKey: n });
    });
    await lab.accept(...groups);
    // Nobody investigates here: nothing is still on its way.
    lab.raw.exec("DELETE FROM steps");
    return serial - 1;
  }

  /** A request for the newest alert. */
  async function ask(): Promise<PlannedRequest> {
    const id = lab.raw.prepare("SELECT max(id) FROM alerts").pluck().get() as number;
    const incidentId = (await lab.store.views.episode(id))?.incidentId ?? "";
    const expiresAt = new Date(lab.now().getTime() + HOUR);
    const request = newRequest({ incidentId, episodeId: id, expiresAt }, lab.now());
    if (!(await lab.store.requests.propose(request))) throw new Error("it was not proposed");
    return (await lab.store.requests.find(request.id)) as PlannedRequest;
  }

  const reject = (request: PlannedRequest) =>
    lab.store.requests.end(request.id, "cancelled", "not this one", "ana");

  const messageOf = (incidentId: string) =>
    lab.raw.prepare("SELECT message_id FROM cards WHERE incident_id = ?").pluck().get(incidentId);

  return { clock, pass, burst, ask, reject, messageOf };
}

export type Weather = ReturnType<typeof createWeather>;

export function mostInAMinute(times: readonly number[]): number {
  const inTheMinuteFrom = (from: number) =>
    times.filter((at) => at >= from && at < from + MINUTE).length;
  return Math.max(0, ...times.map(inTheMinuteFrom));
}
