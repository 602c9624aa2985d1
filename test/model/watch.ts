import Database from "better-sqlite3";
import { expect, onTestFinished } from "vitest";
import type { Plan, Ruling } from "../../src/approval/approval.ts";
import { digestOf } from "../../src/approval/digest.ts";
import type { createJourney } from "../responder/journey.ts";
import { createEarnings } from "./earned.ts";

type Journey = ReturnType<typeof createJourney>;

interface RunRow {
  id: string;
  requestId: string;
  episodeId: number | null;
  risk: string;
  quorum: number;
  digest: string;
  plan: string;
  expiresAt: number;
  requester: string | null;
  isUnasked: number;
}

/** Every edge of a request's life that the record may show, from the word before to the words after it. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  "": ["proposed"],
  proposed: ["pending", "approved", "denied"],
  pending: ["vote_counted", "approved", "rejected", "expired", "superseded", "cancelled"],
  vote_counted: ["vote_counted", "approved", "rejected", "expired", "superseded", "cancelled"],
  approved: ["rejected", "expired", "superseded", "cancelled", "succeeded", "failed", "unknown"],
};

/**
 * What the people and the world did, kept beside the program and without its help, so that every run can be held
 * against the promises at the moment it starts.
 */
export function watch(journey: Journey) {
  const raw = new Database(journey.database, { readonly: true });
  onTestFinished(() => void raw.close());
  const started = raw.prepare<[], RunRow>(
    `SELECT e.id, r.id AS requestId, r.episode_id AS episodeId, r.risk, r.quorum, r.digest, r.plan, r.requester,
            r.expires_at AS expiresAt, e.is_unasked AS isUnasked
     FROM executions e JOIN requests r ON r.id = e.request_id WHERE e.state = 'started'`,
  );
  const isRecorded = raw.prepare<[string]>(
    "SELECT 1 FROM record WHERE kind = 'execution.started' AND event LIKE '%' || ? || '%'",
  );
  const fingerprintOf = raw
    .prepare<[number], string>("SELECT fingerprint FROM alerts WHERE id = ?")
    .pluck();

  const approvals = new Map<string, Map<string, string>>();
  const rejected = new Set<string>();
  const ran = new Set<string>();
  const firing = new Set<string>();
  const earnings = createEarnings(raw, approvals);
  let earnedRuns = 0;
  let isAutohealingOn = false;
  let offUntil = 0;

  /** An executor's rejection is an outcome like any other to the program, so what is wrong here is said later. */
  let broken: unknown = null;
  function onRun(): void {
    try {
      holdAgainstThePromises();
    } catch (error) {
      broken ??= error;
    }
  }

  function holdAgainstThePromises(): void {
    const rows = started.all();
    expect(rows).toHaveLength(1);
    const [row] = rows as [RunRow];
    const plan = JSON.parse(row.plan) as Plan;
    const { world, runs } = journey;
    const at = journey.now().getTime();
    const whitelist = journey.catalogue.read();
    const now = {
      runbook: whitelist.runbooks.find(({ id }) => id === plan.runbook.id)?.sha256,
      policy: whitelist.policy?.hash ?? null,
    };

    expect(runs.at(-1), "P1").toMatch(/^\/usr\/bin\/true (?:restart|stop) (?:web|db)$/);
    const command = plan.command.kind === "argv" ? plan.command.argv.join(" ") : "";
    expect({ command, digest: digestOf(plan) }, "P2").toEqual({
      command: runs.at(-1),
      digest: row.digest,
    });
    expect({ runbook: plan.runbook.sha256, policy: plan.policy }, "P2 as the files are").toEqual(
      now,
    );
    expect(ran.has(row.requestId), "P3").toBe(false);
    ran.add(row.requestId);
    expect(at, "P4 in time").toBeLessThan(row.expiresAt);
    if (row.episodeId !== null) {
      expect(firing, "P4 the alert fires").toContain(fingerprintOf.get(row.episodeId));
      expect([null, true], "P8 at its source").toContain(world.alertmanager);
    }
    expect(world.state, "P8 the precondition").toBe("down");
    const isMaintained =
      (whitelist.policy?.maintenance.length ?? 0) > 0 &&
      (plan.target.name === "web" || row.episodeId !== null);
    expect(isMaintained && new Date(at).getUTCMinutes() % 10 < 4, "maintenance").toBe(false);
    expect(rejected.has(row.requestId), "P5").toBe(false);
    expect(isRecorded.get(row.id), "P9").toBeDefined();
    expectItWasApproved(row, at);
    if (row.isUnasked === 1) expectItWasEarned(plan);
  }

  /** Under the policy as it is at this moment. */
  function expectItWasEarned(plan: Plan): void {
    const { policy } = journey.catalogue.read();
    const low = policy?.approval.low ?? null;
    expect(low?.auto, "the policy lets it run unasked at all").toBeTruthy();
    if (low?.auto !== "earned") return;
    earnings.expectLeave(plan, low.earned);
    earnedRuns += 1;
  }

  function expectItWasApproved(row: RunRow, at: number): void {
    const voters = approvals.get(row.requestId) ?? new Map<string, string>();
    for (const digest of voters.values()) expect(digest, "P2 as it was approved").toBe(row.digest);
    if (row.isUnasked === 1) {
      expect(isAutohealingOn && offUntil <= at, "P11").toBe(true);
      expect({ risk: row.risk, hasAlert: row.episodeId !== null }).toEqual({
        risk: "low",
        hasAlert: true,
      });
    } else {
      expect(voters.size, "P6").toBeGreaterThanOrEqual(row.risk === "high" ? 2 : row.quorum);
      expect([...voters.keys()], "P7").not.toContain(row.requester);
    }
  }

  /** @throws what broke a promise, if any run did */
  function check(): void {
    if (broken !== null) throw broken;
  }

  /** Nothing was lost, every life of a request is one the state machine allows, and the record is whole. */
  async function settled(): Promise<void> {
    const known = raw.prepare("SELECT DISTINCT fingerprint FROM alerts").pluck().all();
    for (const fingerprint of firing) expect(known, "P10").toContain(fingerprint);
    const lives = new Map<string, string>();
    const events = raw
      .prepare<[], { kind: string; event: string }>(
        "SELECT kind, event FROM record WHERE kind LIKE 'request.%' ORDER BY seq",
      )
      .all();
    for (const { kind, event } of events) {
      const { request = "" } = (JSON.parse(event) as { data: { request?: string } }).data;
      const before = lives.get(request) ?? "";
      const after = kind.replace("request.", "");
      // Calls for a decision come while it waits and move nothing.
      if (["reminded", "escalated", "paged"].includes(after)) {
        expect(["pending", "vote_counted"], after).toContain(before);
        continue;
      }
      expect(EDGES[before] ?? [], `${before} -> ${after}`).toContain(after);
      lives.set(request, after);
    }
    expect((await journey.store.record.verify()).firstBroken, "P9").toBeNull();
  }

  return {
    onRun,
    check,
    settled,
    fires: (fingerprint: string) => void firing.add(fingerprint),
    resolves: (fingerprint: string) => void firing.delete(fingerprint),
    switched(isOn: boolean, until: number | null): void {
      // A pause of what was off without an end leaves it off.
      if (isOn) [isAutohealingOn, offUntil] = [true, 0];
      else if (until === null) isAutohealingOn = false;
      else offUntil = Math.max(offUntil, until);
    },
    ruled(person: string, ruling: Ruling): void {
      if (ruling.outcome === "rejected") rejected.add(ruling.request.id);
      if (ruling.outcome !== "approved" && ruling.outcome !== "counted") return;
      const { id, digest } = ruling.request;
      approvals.set(id, (approvals.get(id) ?? new Map<string, string>()).set(person, digest));
    },
    expectLeavesEarned: earnings.expectAllEarned,
    runs: () => ran.size,
    /** Those that ran unasked because they had earned it. */
    earnedRuns: () => earnedRuns,
  };
}
