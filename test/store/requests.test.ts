import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Person, PlannedRequest, RequestState } from "../../src/approval/approval.ts";
import { decide } from "../../src/approval/decide.ts";
import type { Lab } from "./lab.ts";
import { createLab, MINUTE, newRequest } from "./lab.ts";

const person = (name: string): Person => ({ name, roles: ["approver"] });

/** As the desk does it: the real rule inside the store's transaction. */
function click(
  lab: Lab,
  request: PlannedRequest,
  decision: "approve" | "reject",
  by: { name?: string; channel?: "telegram" | "console"; isSolo?: boolean; typed?: boolean } = {},
) {
  const { name = "ana", channel = "telegram", isSolo = false, typed = true } = by;
  const cast = { person: name, channel, reason: "because" };
  return lab.store.requests.decide(request.planCode, decision, cast, (found) =>
    decide(
      found,
      {
        person: person(name),
        decision,
        reason: "because",
        via: typed ? "typed" : "tap",
        owesPasskey: false,
        now: lab.now(),
      },
      { isSolo, isReasonRequired: true },
    ),
  );
}

const stateOf = async (lab: Lab, { id }: { id: string }) =>
  (await lab.store.requests.find(id))?.state;

describe("a request", () => {
  it("is approved by one click, with the vote, the record and the step in one commit", async () => {
    const lab = createLab();
    const request = await lab.propose();

    const ruling = await click(lab, request, "approve");

    expect(ruling).toMatchObject({ outcome: "approved", request: { state: "approved" } });
    expect(lab.count("votes")).toBe(1);
    expect(lab.kinds().at(-1)).toBe("request.approved");
    expect(await lab.store.queue.lease(["execute"], lab.now())).toMatchObject({
      subject: request.id,
    });
  });

  it("T49 moves once when 200 people decide at the same time", async () => {
    const lab = createLab();
    const request = await lab.propose();

    const rulings = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        click(lab, request, i % 2 === 0 ? "approve" : "approve", { name: `p${i}` }),
      ),
    );

    expect(rulings.filter(({ outcome }) => outcome === "approved")).toHaveLength(1);
    expect(rulings.filter(({ outcome }) => outcome === "already_decided")).toHaveLength(199);
    expect(lab.kinds().filter((kind) => kind === "request.approved")).toHaveLength(1);
    expect(lab.count("steps", "kind = 'execute'")).toBe(1);
  });

  it("P5 is ended by one reject, also after it was approved, until it executes", async () => {
    const lab = createLab();
    const request = await lab.propose();
    const other = await lab.propose({ target: "b" });
    await click(lab, request, "approve");
    await click(lab, other, "approve");
    await lab.store.executions.claim(
      (await lab.store.requests.find(other.id)) as PlannedRequest,
      0,
      () => null,
    );

    const inTime = await click(lab, request, "reject", { name: "ben" });
    const tooLate = await click(lab, other, "reject", { name: "ben" });

    expect(inTime.outcome).toBe("rejected");
    expect(tooLate.outcome).toBe("already_decided");
    expect(await stateOf(lab, request)).toBe("rejected");
    expect(await stateOf(lab, other)).toBe("executing");
  });

  it("T51 P6 counts one person once, on however many channels", async () => {
    const lab = createLab();
    const request = await lab.propose({ risk: "high", quorum: 2 });

    const first = await click(lab, request, "approve", { channel: "telegram" });
    const again = await click(lab, request, "approve", { channel: "console" });
    const between = await stateOf(lab, request);
    const second = await click(lab, request, "approve", { name: "ben" });

    expect(first).toMatchObject({ outcome: "counted", missing: 1 });
    expect(again.outcome).toBe("already_voted");
    expect(between).toBe("pending");
    expect(second.outcome).toBe("approved");
    expect(lab.count("votes")).toBe(2);
  });

  it("P7 is not approved by who asked for it, but by typed code in solo mode", async () => {
    const lab = createLab();
    const request = await lab.propose({ requester: "ana" });

    const own = await click(lab, request, "approve");
    const tapped = await click(lab, request, "approve", { isSolo: true, typed: false });
    const typed = await click(lab, request, "approve", { isSolo: true });

    expect([own.outcome, tapped.outcome, typed.outcome]).toEqual([
      "not_allowed",
      "must_type",
      "approved",
    ]);
  });

  it("T53 is not approved after its expiry, even where the rule was asked a moment before", async () => {
    const lab = createLab();
    const request = await lab.propose();
    const cast = { person: "ana", channel: "telegram", reason: null } as const;

    const ruling = await lab.store.requests.decide(request.planCode, "approve", cast, (found) => {
      lab.pass(15 * MINUTE);
      return { outcome: "approved", request: found };
    });

    expect(ruling.outcome).toBe("expired");
    expect(await stateOf(lab, request)).toBe("pending");
    expect(lab.count("votes")).toBe(0);
  });

  it("P2 is not approved by a rule that looked at another plan", async () => {
    const lab = createLab();
    const request = await lab.propose();
    const cast = { person: "ana", channel: "telegram", reason: null } as const;

    const ruling = await lab.store.requests.decide(request.planCode, "approve", cast, (found) => ({
      outcome: "approved",
      request: { ...found, digest: "0".repeat(64) },
    }));

    expect(ruling.outcome).toBe("already_decided");
    expect(await stateOf(lab, request)).toBe("pending");
  });

  it("is one an alert while it lives, and none once the alert has resolved", async () => {
    const lab = createLab();
    const request = await lab.propose();
    const { incidentId, episodeId } = request;
    const again = () =>
      lab.store.requests.propose(newRequest({ incidentId, episodeId }, lab.now()));

    const second = await again();
    await lab.store.requests.end(request.id, "superseded", "another one");
    const third = await again();
    lab.raw.prepare("UPDATE alerts SET status = 'resolved'").run();
    lab.raw.prepare("UPDATE requests SET state = 'expired'").run();
    const fourth = await again();

    expect([second, third, fourth]).toEqual([false, true, false]);
  });

  it("keeps every refusal in the record", async () => {
    const lab = createLab();
    const request = await lab.propose({ requester: "ana" });
    await click(lab, request, "approve");

    expect(lab.kinds().at(-1)).toBe("decision.refused");
  });

  it("is not found by a code nobody gave out", async () => {
    const lab = createLab();
    await lab.propose();
    const cast = { person: "ana", channel: "telegram", reason: null } as const;

    const ruling = await lab.store.requests.decide("00000000", "approve", cast, () => {
      throw new Error("nothing to rule on");
    });

    expect(ruling).toEqual({ outcome: "not_found" });
  });
});

const EDGES: Readonly<Record<string, readonly RequestState[]>> = {
  pending: ["approved", "rejected", "expired", "superseded", "cancelled"],
  approved: ["executing", "rejected", "expired", "superseded", "cancelled"],
  executing: ["succeeded", "failed", "unknown"],
};

describe("whatever is tried", () => {
  it("P4 a request moves along the edges of its state machine only, and never once it has ended", async () => {
    const acts = fc.array(
      fc.constantFrom(
        "approve",
        "reject",
        "expire",
        "supersede",
        "cancel",
        "claim",
        "start",
        "finish",
        "restart",
        "late",
        "disable",
      ),
      { minLength: 1, maxLength: 14 },
    );
    await fc.assert(
      fc.asyncProperty(acts, fc.constantFrom("pending", "approved"), async (todo, first) => {
        const lab = createLab();
        const request = await lab.propose({ state: first as "pending" });
        const { requests, executions, switches } = lab.store;
        const found = async () => (await requests.find(request.id)) as PlannedRequest;
        let before = request.state as RequestState;
        for (const act of todo) {
          const run = await executions.findByRequest(request.id);
          const result = {
            outcome: "failed",
            exitCode: 1,
            output: "",
            isTruncated: false,
            durationMs: 1,
          } as const;
          if (act === "approve" || act === "reject") await click(lab, request, act);
          if (act === "expire") await requests.end(request.id, "expired", "late");
          if (act === "supersede") await requests.end(request.id, "superseded", "new");
          if (act === "cancel") await requests.end(request.id, "cancelled", "over");
          if (act === "claim") await executions.claim(await found(), 0, () => null);
          if (act === "start" && run !== null) await executions.start(run);
          if (act === "finish" && run !== null) await executions.finish(run, result, lab.now());
          if (act === "restart") await executions.giveUpInterrupted();
          if (act === "late") lab.pass(20 * MINUTE);
          if (act === "disable") await switches.disable("ana", { forMs: null, all: true });
          const after = (await found()).state;
          if (after !== before) expect(EDGES[before] ?? []).toContain(after);
          before = after;
        }
        expect(lab.count("executions")).toBeLessThanOrEqual(1);
        expect((await lab.store.record.verify()).firstBroken).toBeNull();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
