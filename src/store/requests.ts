import { desc, eq } from "drizzle-orm";
import type {
  AskEnd,
  AskedRequest,
  Called,
  CallKey,
  Channel,
  EditEnd,
  EditedRequest,
  GrantRequest,
  NewRequest,
  PlannedRequest,
  Replaced,
  Request,
  Ruling,
} from "../approval/approval.ts";
import { isGrant } from "../approval/approval.ts";
import type { ActionOnTarget } from "../execution/execution.ts";
import type { AskedFor, Opening } from "./asked-for.ts";
import type { Changes } from "./changes.ts";
import type { Grants } from "./grants.ts";
import type { Opened } from "./open.ts";
import type { Chain } from "./record.ts";
import { toRequest, toVote } from "./rows.ts";
import { requests, votes } from "./schema.ts";
import type { Steps } from "./steps.ts";

interface Tools {
  readonly record: Chain;
  readonly steps: Steps;
  readonly changes: Changes;
  readonly askedFor: AskedFor;
  readonly grants: Pick<Grants, "end" | "bindingOf">;
}

interface Ask {
  readonly request: AskedRequest;
  /** Null where it hangs on an incident that is open already. */
  readonly opening: Opening | null;
  readonly call: CallKey | null;
  /** How many of one requester may wait or run at a time; null where nobody counts. */
  readonly mostLive: number | null;
}

interface VoteCast {
  readonly person: string;
  readonly channel: Channel;
  readonly reason: string | null;
  /** Of the passkey that was used for it. */
  readonly passkey?: string | undefined;
}

/** The rulings that change something. */
type Accepted = Extract<Ruling, { outcome: "approved" | "rejected" | "counted" }>;

/** The requests' part of the store: every edge of their state machine, each with its record in the same transaction. */
export function createRequests(
  { sqlite, drizzle: db }: Opened,
  { record, steps, changes, askedFor, grants }: Tools,
  now: () => Date,
) {
  function find(id: string): Request | null {
    const row = db.select().from(requests).where(eq(requests.id, id)).get();
    return row === undefined ? null : toRequest(row, votesOf(id));
  }

  function votesOf(id: string) {
    return db
      .select()
      .from(votes)
      .where(eq(votes.requestId, id))
      .orderBy(votes.at)
      .all()
      .map(toVote);
  }

  /** The newest request with this code: a live one before those that ended. */
  function findByPlanCode(planCode: string): PlannedRequest | null {
    const rows = db
      .select()
      .from(requests)
      .where(eq(requests.planCode, planCode))
      .orderBy(desc(requests.createdAt))
      .all();
    const row = rows.find(({ state }) => state === "pending" || state === "approved") ?? rows[0];
    const found = row === undefined ? null : toRequest(row, votesOf(row.id));
    return found === null || found.state === "denied" ? null : found;
  }

  /** @returns false where the alert already has a live request, was refused the same before, or resolved in the meantime */
  function propose(request: NewRequest): boolean {
    return write(() => {
      const at = now();
      if (request.episodeId !== null && !mayBeAskedFor(request.incidentId, request.episodeId))
        return false;
      // Tried again and still no: the card says so already.
      if (request.state === "denied" && isKnownDenial(request)) {
        enqueueNext(request, at);
        return false;
      }
      db.insert(requests).values(rowOf(request, at)).run();
      recordProposal(request);
      enqueueNext(request, at);
      changes.touch(request.incidentId, { isUrgent: false });
      return true;
    });
  }

  /** What a person or a program asks for. It is never approved here, whatever the verdict on it. */
  function ask({ request, opening, call, mostLive }: Ask): AskEnd {
    return write((): AskEnd => {
      const { incidentId, requester } = request;
      const before = call === null ? null : calledBefore(call);
      if (before !== null) return before;
      const { runbookId, actionId, target } = request.proposal;
      const planCode = sameAlive.get(runbookId, actionId, target.name);
      if (planCode !== undefined) return { outcome: "duplicate", planCode };
      if (mostLive !== null && (aliveOf.get(requester) ?? 0) >= mostLive) {
        return { outcome: "too_many" };
      }
      if (opening !== null) askedFor.open(incidentId, opening, requester);
      else if (isOpen.get(incidentId) === undefined) return { outcome: "incident_over" };
      const undone = request.undoes === null ? undefined : ranFor.get(request.undoes);
      if (undone !== undefined) grants.end(undone, `${requester} wants ${request.undoes} undone`);
      const at = now();
      db.insert(requests).values(rowOf(request, at)).run();
      if (call !== null) addCall.run(call.holder, call.key, call.bodyHash, request.id);
      recordProposal(request);
      enqueueNext(request, at);
      changes.touch(incidentId, { isUrgent: true });
      return { outcome: "asked" };
    });
  }

  /** Asks people to let an action run unasked. @returns false where it may already, or that is being asked */
  function offerGrant(request: GrantRequest, title: string): boolean {
    return write(() => {
      const { incidentId, proposal } = request;
      const { runbookId, actionId, target } = proposal;
      const action = { runbookId, actionId, target: target.name };
      const isOffered = grantAlive.get(runbookId, actionId, target.name) !== undefined;
      if (isOffered || grants.bindingOf(action) !== null) return false;
      askedFor.open(incidentId, { source: "autonomy", title }, "countersign");
      const at = now();
      db.insert(requests).values(rowOf(request, at)).run();
      recordProposal(request);
      enqueueNext(request, at);
      changes.touch(incidentId, { isUrgent: false });
      return true;
    });
  }

  /** Whether this Idempotency-Key came before, and with what. */
  function calledBefore({ holder, key, bodyHash }: CallKey) {
    const call = findCall.get(holder, key);
    return call === undefined
      ? null
      : {
          outcome: "repeated" as const,
          requestId: call.requestId,
          isSameBody: call.bodyHash === bodyHash,
        };
  }

  function recordProposal(request: NewRequest): void {
    const { proposal, incidentId } = request;
    const about = {
      request: request.id,
      runbook: proposal.runbookId,
      action: proposal.actionId,
    };
    const digest = request.state === "denied" ? null : request.digest;
    const by = request.requester ?? "countersign";
    const words = request.words === null ? {} : { words: request.words };
    const undoes = request.undoes === null ? {} : { undoes: request.undoes };
    append("request.proposed", by, incidentId, { ...about, digest, ...words, ...undoes });
    append(`request.${request.state}`, "policy", incidentId, {
      ...about,
      risk: request.risk,
      reasons: request.reasons.map(({ rule }) => rule),
    });
  }

  function enqueueNext(request: NewRequest, at: Date): void {
    if (request.state !== "denied") {
      if (request.state === "approved") steps.enqueue("execute", request.id, at);
      steps.enqueue("expire", request.id, request.expiresAt);
      if (request.remindAt !== null) steps.enqueue("remind", request.id, request.remindAt);
      if (request.escalateAt !== null) steps.enqueue("escalate", request.id, request.escalateAt);
    } else if (request.retryAt !== null && request.episodeId !== null) {
      steps.enqueue("propose", String(request.episodeId), request.retryAt);
    }
  }

  /** Nobody has decided: those who may are called once more. @returns false where it is past that */
  function remind(id: string): boolean {
    return take(id, "request.reminded", {}, (at) => setReminded.run(at, id, at).changes > 0);
  }

  /** Nobody has decided: others may now, too, or who is on call is asked. @returns false where it is past that */
  function escalate(id: string, { to, onCall }: Called): boolean {
    return take(id, "request.escalated", { to, onCall }, (at) => {
      const isNews = setEscalated.run(at, to, onCall, id, at).changes > 0;
      if (isNews) steps.enqueue("page", id, new Date(at));
      return isNews;
    });
  }

  /** Whoever is on call was rung. */
  function paged(id: string): void {
    take(id, "request.paged", {}, (at) => setPaged.run(at, id).changes > 0);
  }

  /** One step of the ladder for silence. @returns false where it was taken before, or is too late */
  function take(
    id: string,
    kind: string,
    data: Record<string, unknown>,
    mark: (at: number) => boolean,
  ): boolean {
    return write(() => {
      if (!mark(now().getTime())) return false;
      const { incidentId } = find(id) as Request;
      append(kind, "countersign", incidentId, { request: id, ...data });
      changes.touch(incidentId, { isUrgent: true });
      return true;
    });
  }

  /**
   * Only while it fires, and a step done twice must not ask, or run, again what was decided or has run. What ran and
   * did not help makes way for what else there is.
   */
  function mayBeAskedFor(incidentId: string, episodeId: number): boolean {
    return (
      firing.get(episodeId) !== undefined && askedBefore.get(incidentId, episodeId) === undefined
    );
  }

  /**
   * One decision: the rule is asked inside the transaction, and the state moves by one conditional update that also
   * holds the digest and the expiry. A tie has one winner; the loser reads who won.
   */
  function decide(
    planCode: string,
    decision: "approve" | "reject",
    cast: VoteCast,
    rule: (request: PlannedRequest) => Ruling,
  ): Ruling {
    return write(() => {
      const request = findByPlanCode(planCode);
      if (request === null) return refuseRehearsed(planCode, decision, cast);
      const ruling = rule(request);
      switch (ruling.outcome) {
        case "approved":
        case "rejected":
        case "counted":
          return apply(ruling, decision, cast);
        case "not_allowed":
        case "already_voted":
        case "already_decided":
        case "expired":
        case "must_type":
        case "must_prove":
          append("decision.refused", cast.person, request.incidentId, {
            request: request.id,
            decision,
            channel: cast.channel,
            why: ruling.outcome,
          });
          return ruling;
        case "over": {
          append("decision.refused", cast.person, request.incidentId, {
            request: request.id,
            decision,
            channel: cast.channel,
            why: ruling.why,
          });
          const isEnded = endInside(request, "cancelled", ruling.why, cast.person, {});
          const ended = plannedAgain(request.id);
          return isEnded
            ? { ...ruling, request: ended }
            : { outcome: "already_decided", request: ended };
        }
        case "not_found":
          return ruling;
      }
    });
  }

  /** Of a plan that is shown and can't run, people are told just that; of a code that nobody knows, nothing. */
  function refuseRehearsed(
    planCode: string,
    decision: "approve" | "reject",
    cast: VoteCast,
  ): Ruling {
    const id = rehearsedBy.get(planCode);
    const request = id === undefined ? null : find(id);
    if (request === null) return { outcome: "not_found" };
    const { person, channel } = cast;
    append("decision.refused", person, request.incidentId, {
      request: request.id,
      decision,
      channel,
      why: "rehearsed",
    });
    return { outcome: "not_allowed", why: request.reasons[0]?.text ?? "it is a rehearsal" };
  }

  function apply(ruling: Accepted, decision: "approve" | "reject", cast: VoteCast): Ruling {
    const { request } = ruling;
    const at = now();
    if (!move(ruling, cast, at)) {
      return { outcome: at >= request.expiresAt ? "expired" : "already_decided", request };
    }
    // A person who voted to approve may still reject; their last word is the one that counts.
    addVote.run(request.id, cast.person, decision, cast.channel, cast.reason, at.getTime());
    append(
      ruling.outcome === "counted" ? "request.vote_counted" : `request.${ruling.outcome}`,
      cast.person,
      request.incidentId,
      {
        ...{ request: request.id, digest: request.digest },
        ...{ channel: cast.channel, reason: cast.reason },
        passkey: cast.passkey,
      },
    );
    if (ruling.outcome === "approved") steps.enqueue("execute", request.id, at);
    else if (ruling.outcome === "rejected") {
      grants.end(actionOnTarget(request), `${cast.person} rejected it`);
      askedFor.endIfOver(request.incidentId);
    }
    changes.touch(request.incidentId, { isUrgent: true });
    return { ...ruling, request: plannedAgain(request.id) };
  }

  function plannedAgain(id: string): PlannedRequest {
    const found = find(id);
    if (found === null || found.state === "denied") throw new Error(`${id} is gone`);
    return found;
  }

  /** @returns false where somebody else, or the clock, was faster */
  function move({ outcome, request: { id, digest } }: Accepted, cast: VoteCast, at: Date): boolean {
    switch (outcome) {
      case "approved":
        return moveToApproved.run(id, digest, at.getTime()).changes > 0;
      case "rejected":
        return moveToRejected.run(at.getTime(), rejection(cast), id, digest).changes > 0;
      case "counted":
        return true;
    }
  }

  const sameAlive = sqlite
    .prepare<[string, string, string], string>(
      `SELECT plan_code FROM requests WHERE state IN ('pending', 'approved', 'executing')
       AND runbook_id = ? AND action_id = ? AND target = ? AND NOT is_grant LIMIT 1`,
    )
    .pluck();
  const rehearsedBy = sqlite
    .prepare<[string], string>(
      "SELECT id FROM requests WHERE plan_code = ? AND state = 'denied' LIMIT 1",
    )
    .pluck();
  const grantAlive = sqlite.prepare<[string, string, string]>(
    `SELECT 1 FROM requests WHERE state IN ('pending', 'approved', 'executing') AND is_grant
     AND runbook_id = ? AND action_id = ? AND target = ?`,
  );
  const ranFor = sqlite.prepare<[string], ActionOnTarget>(
    "SELECT runbook_id AS runbookId, action_id AS actionId, target FROM executions WHERE id = ?",
  );
  const aliveOf = sqlite
    .prepare<[string], number>(
      "SELECT count(*) FROM requests WHERE state IN ('pending', 'approved', 'executing') AND requester = ?",
    )
    .pluck();
  const isOpen = sqlite.prepare<[string]>(
    "SELECT 1 FROM incidents WHERE id = ? AND state <> 'resolved' AND source <> 'drill'",
  );
  const findCall = sqlite.prepare<[string, string], { requestId: string; bodyHash: string }>(
    "SELECT request_id AS requestId, body_hash AS bodyHash FROM proposal_keys WHERE holder = ? AND key = ?",
  );
  const addCall = sqlite.prepare<[string, string, string, string]>(
    "INSERT INTO proposal_keys (holder, key, body_hash, request_id) VALUES (?, ?, ?, ?)",
  );
  const isWaiting = "state = 'pending' AND expires_at > ?";
  const setReminded = sqlite.prepare<[number, string, number]>(
    `UPDATE requests SET reminded_at = ? WHERE id = ? AND reminded_at IS NULL AND ${isWaiting}`,
  );
  const setEscalated = sqlite.prepare<[number, string, string | null, string, number]>(
    `UPDATE requests SET escalated_at = ?, escalated_to = ?, escalated_on_call = ? WHERE id = ? AND escalated_at IS NULL AND ${isWaiting}`,
  );
  const setPaged = sqlite.prepare<[number, string]>(
    "UPDATE requests SET paged_at = ? WHERE id = ? AND paged_at IS NULL",
  );

  /** Compared with the alert's newest request: the same action, refused for the same reasons. */
  function isKnownDenial({
    incidentId,
    episodeId,
    proposal,
    reasons,
    requester,
  }: NewRequest): boolean {
    const last = newestOf.get(incidentId, episodeId);
    return (
      requester === null &&
      last?.state === "denied" &&
      last.proposal === JSON.stringify(proposal) &&
      last.reasons === JSON.stringify(reasons)
    );
  }

  const newestOf = sqlite.prepare<
    [string, number | null],
    { state: string; proposal: string; reasons: string }
  >(
    `SELECT state, proposal, reasons FROM requests WHERE incident_id = ? AND episode_id = ?
     ORDER BY created_at DESC, rowid DESC LIMIT 1`,
  );
  const firing = sqlite.prepare<[number]>(
    "SELECT 1 FROM alerts WHERE id = ? AND status = 'firing'",
  );
  const askedBefore = sqlite.prepare<[string, number]>(
    `SELECT 1 FROM requests r JOIN alerts a ON a.id = r.episode_id
     WHERE r.incident_id = ? AND r.episode_id = ? AND r.state NOT IN ('denied', 'superseded')
       AND r.created_at >= a.received_at
       AND NOT EXISTS (SELECT 1 FROM executions e JOIN verifications v ON v.execution_id = e.id
                       WHERE e.request_id = r.id AND v.outcome = 'still_failing') LIMIT 1`,
  );
  const moveToApproved = sqlite.prepare<[string, string, number]>(
    "UPDATE requests SET state = 'approved' WHERE id = ? AND state = 'pending' AND digest = ? AND expires_at > ?",
  );
  const moveToRejected = sqlite.prepare<[number, string, string, string]>(
    `UPDATE requests SET state = 'rejected', ended_at = ?, end_reason = ?
     WHERE id = ? AND state IN ('pending', 'approved') AND digest = ?`,
  );
  const moveToReplaced = sqlite.prepare<[number, string, string, string, number]>(
    `UPDATE requests SET state = 'superseded', ended_at = ?, end_reason = ?
     WHERE id = ? AND state = 'pending' AND digest = ? AND expires_at > ?`,
  );
  const addVote = sqlite.prepare(
    `INSERT INTO votes (request_id, person, decision, channel, reason, at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (request_id, person) DO UPDATE SET decision = excluded.decision, channel = excluded.channel, reason = excluded.reason, at = excluded.at`,
  );
  const endRequest = sqlite.prepare<[string, number, string, string]>(
    "UPDATE requests SET state = ?, ended_at = ?, end_reason = ? WHERE id = ? AND state IN ('pending', 'approved')",
  );

  const superseded = sqlite
    .prepare<[string, number | null], number>(
      "SELECT count(*) FROM requests WHERE incident_id = ? AND episode_id = ? AND state = 'superseded'",
    )
    .pluck();

  /** A plan that is voided again and again must not spin: the next one comes later each time, up to a minute. */
  function laterAndLater({ incidentId, episodeId }: Request, at: Date): Date {
    const before = superseded.get(incidentId, episodeId) ?? 0;
    const pauseSeconds = before <= 2 ? 0 : Math.min(2 ** (before - 2), 60);
    return new Date(at.getTime() + pauseSeconds * 1000);
  }

  /**
   * Ends a request that has not started. Nobody asks anew for what a person or a program asked for: such a request
   * is cancelled where another would be superseded, and says so.
   * @returns false where it is past that
   */
  function end(
    id: string,
    wanted: "expired" | "superseded" | "cancelled",
    reason: string,
    actor = "countersign",
    options: { proposeAnew?: boolean } = {},
  ): boolean {
    return write(() => {
      const request = find(id);
      return request !== null && endInside(request, wanted, reason, actor, options);
    });
  }

  function endInside(
    request: Request,
    wanted: "expired" | "superseded" | "cancelled",
    reason: string,
    actor: string,
    options: { proposeAnew?: boolean },
  ): boolean {
    const { id, incidentId, episodeId } = request;
    const at = now();
    const isAsked = episodeId === null && wanted === "superseded";
    const state = isAsked ? "cancelled" : wanted;
    // Countersign itself asks for leave to run unasked, and does so again.
    const isOurs = request.state !== "denied" && isGrant(request);
    const why = isAsked && !isOurs ? `${reason}; ask for it again` : reason;
    if (endRequest.run(state, at.getTime(), why, id).changes === 0) return false;
    append(`request.${state}`, actor, incidentId, { request: id, why });
    if (options.proposeAnew && episodeId !== null) {
      steps.enqueue("propose", String(episodeId), laterAndLater(request, at));
    }
    askedFor.endIfOver(incidentId);
    changes.touch(incidentId, { isUrgent: actor !== "countersign" });
    return true;
  }

  /** One moves and the other follows from it: an edit and an approval of the same request can't both win. */
  function edit(replaced: Replaced, request: EditedRequest): EditEnd {
    return write((): EditEnd => {
      const at = now();
      const { id, digest, why } = replaced;
      const { incidentId, requester } = request;
      if (moveToReplaced.run(at.getTime(), why, id, digest, at.getTime()).changes === 0) {
        const old = plannedAgain(id);
        const isLate = old.state === "expired" || (old.state === "pending" && at >= old.expiresAt);
        return { outcome: isLate ? "expired" : "already_decided", request: old };
      }
      append("request.edited", requester, incidentId, { request: id, by: request.id, why });
      append("request.superseded", requester, incidentId, { request: id, why });
      db.insert(requests).values(rowOf(request, at)).run();
      recordProposal(request);
      enqueueNext(request, at);
      changes.touch(incidentId, { isUrgent: true });
      return { outcome: "edited", request: plannedAgain(request.id) };
    });
  }

  function append(kind: string, actor: string, incidentId: string, data: Record<string, unknown>) {
    record.append({ kind, actor, incidentId, data });
  }

  function write<T>(change: () => T): T {
    return changes.commit(() => sqlite.transaction(change).immediate());
  }

  const forCalling = { remind, escalate, paged };
  return {
    find,
    findByPlanCode,
    propose,
    ask,
    offerGrant,
    edit,
    calledBefore,
    ...forCalling,
    decide,
    end,
  };
}

function rowOf(request: NewRequest, at: Date): typeof requests.$inferInsert {
  const { id, incidentId, episodeId, state, proposal, risk, reasons, requester, words, undoes } =
    request;
  const row = {
    id,
    incidentId,
    episodeId,
    state,
    runbookId: proposal.runbookId,
    actionId: proposal.actionId,
    target: "target" in proposal ? proposal.target.name : null,
    proposal: JSON.stringify(proposal),
    risk,
    reasons: JSON.stringify(reasons),
    isApprovedByPolicy: state === "approved",
    isGrant: request.state !== "denied" && isGrant(request),
    requester,
    words,
    undoes,
    createdAt: at.getTime(),
  };
  if (request.state === "denied") {
    const { rehearsed } = request;
    const shown = rehearsed && { ...rehearsed, plan: JSON.stringify(rehearsed.plan) };
    return { ...row, ...shown, endedAt: at.getTime() };
  }
  const { digest, planCode, quorum, approvers } = request;
  const plan = JSON.stringify(request.plan);
  return {
    ...row,
    plan,
    digest,
    planCode,
    quorum,
    approvers,
    expiresAt: request.expiresAt.getTime(),
  };
}

function actionOnTarget({ proposal }: PlannedRequest): ActionOnTarget {
  const { runbookId, actionId, target } = proposal;
  return { runbookId, actionId, target: target.name };
}

function rejection({ person, reason }: VoteCast): string {
  return reason === null ? `rejected by ${person}` : `rejected by ${person}: ${reason}`;
}
