import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

/** Times are whole milliseconds since 1970, UTC. JSON columns hold what their noun's type says. */

export const incidents = sqliteTable(
  "incidents",
  {
    id: text().primaryKey(),
    source: text().notNull(),
    groupKey: text().notNull(),
    state: text().notNull(),
    title: text().notNull(),
    severity: text(),
    openedAt: integer().notNull(),
    acknowledgedBy: text(),
    resolvedAt: integer(),
    truncatedAlerts: integer().notNull(),
    trust: text().notNull(),
    receiver: text(),
    externalUrl: text(),
    groupLabels: text().notNull(),
    extra: text(),
    version: integer().notNull(),
    /** Where it is told, as a JSON list of names; null for every chat and nowhere else. */
    route: text(),
    /** When somebody took it for the first time. */
    acknowledgedAt: integer(),
    /** In the order of arrival, made by a trigger: its row in the full-text index `incident_words`. */
    n: integer(),
    /** Undone by a trigger with every change; whoever indexes sets it. */
    isIndexed: integer({ mode: "boolean" }).notNull().default(false),
  },
  (t) => [
    uniqueIndex("incidents_in_order").on(t.n),
    index("stale_words").on(t.n).where(sql`is_indexed = 0`),
    // A group has at most one open incident; intake finds it here.
    uniqueIndex("one_open_incident_a_group")
      .on(t.source, t.groupKey)
      .where(sql`state <> 'resolved'`),
    // With all that is counted and filtered by, so that no incident has to be opened for it.
    index("incidents_by_time").on(t.openedAt, t.source, t.state, t.severity, t.resolvedAt),
    index("acknowledged_incidents")
      .on(t.openedAt, t.source, t.acknowledgedAt)
      .where(sql`acknowledged_by is not null`),
    index("incidents_of_title").on(t.title, t.openedAt),
    index("open_incidents").on(t.openedAt).where(sql`state <> 'resolved'`),
  ],
);

export const alerts = sqliteTable(
  "alerts",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    source: text().notNull(),
    fingerprint: text().notNull(),
    startsAt: integer().notNull(),
    status: text().notNull(),
    endsAt: integer(),
    labels: text().notNull(),
    annotations: text().notNull(),
    generatorUrl: text(),
    extra: text(),
    incidentId: text()
      .notNull()
      .references(() => incidents.id),
    receivedAt: integer().notNull(),
  },
  (t) => [
    uniqueIndex("one_row_an_episode").on(t.source, t.fingerprint, t.startsAt),
    index("firing_alerts").on(t.source, t.fingerprint).where(sql`status = 'firing'`),
    index("alerts_of_incident").on(t.incidentId),
  ],
);

/**
 * Further starts that a source has named for an episode: replicas disagree, and Alertmanager settles on the earliest.
 * Without them a replayed body would begin the episode anew.
 */
export const otherStarts = sqliteTable(
  "other_starts",
  {
    source: text().notNull(),
    fingerprint: text().notNull(),
    startsAt: integer().notNull(),
    episodeId: integer()
      .notNull()
      .references(() => alerts.id),
  },
  (t) => [primaryKey({ columns: [t.source, t.fingerprint, t.startsAt] })],
);

export const evidence = sqliteTable(
  "evidence",
  {
    incidentId: text()
      .notNull()
      .references(() => incidents.id),
    id: text().notNull(),
    episodeId: integer().notNull(),
    kind: text().notNull(),
    title: text().notNull(),
    text: text().notNull(),
    status: text().notNull(),
    collectedAt: integer().notNull(),
    /** The numbers behind the text, packed. */
    measurements: text(),
  },
  (t) => [primaryKey({ columns: [t.incidentId, t.id] })],
);

export const diagnoses = sqliteTable("diagnoses", {
  incidentId: text()
    .primaryKey()
    .references(() => incidents.id),
  diagnosis: text().notNull(),
});

/** What a model made of an incident, or why none was asked. */
export const opinions = sqliteTable(
  "opinions",
  {
    incidentId: text()
      .primaryKey()
      .references(() => incidents.id),
    /** The alert's kind as it was shown to the model: the same one again is not asked about anew. */
    pattern: text().notNull(),
    /** Null where there is none; then `note` says why. */
    opinion: text(),
    note: text(),
    at: integer().notNull(),
  },
  (t) => [index("opinions_of_pattern").on(t.pattern, t.at).where(sql`opinion is not null`)],
);

/** Every call to a model, for the budgets and for whoever pays. */
export const modelCalls = sqliteTable(
  "model_calls",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: integer().notNull(),
    /** Null for a check that it answers at all. */
    incidentId: text(),
    provider: text().notNull(),
    model: text().notNull(),
    input: integer().notNull(),
    output: integer().notNull(),
    cacheRead: integer().notNull(),
    cacheWrite: integer().notNull(),
    costUsd: real().notNull(),
    tookMs: integer().notNull(),
    /** Null where it answered, else the kind of failure. */
    failure: text(),
  },
  (t) => [index("model_calls_by_time").on(t.at), index("model_calls_of_incident").on(t.incidentId)],
);

export const requests = sqliteTable(
  "requests",
  {
    id: text().primaryKey(),
    incidentId: text()
      .notNull()
      .references(() => incidents.id),
    episodeId: integer(),
    state: text().notNull(),
    runbookId: text().notNull(),
    actionId: text().notNull(),
    target: text(),
    proposal: text().notNull(),
    plan: text(),
    digest: text(),
    planCode: text(),
    risk: text().notNull(),
    reasons: text().notNull(),
    quorum: integer(),
    approvers: text(),
    expiresAt: integer(),
    remindedAt: integer(),
    escalatedAt: integer(),
    escalatedTo: text(),
    /** Who was on call then and asked by name. */
    escalatedOnCall: text(),
    pagedAt: integer(),
    isApprovedByPolicy: integer({ mode: "boolean" }).notNull(),
    requester: text(),
    /** What the requester wrote as the reason: words from outside, only ever shown. */
    words: text(),
    /** The execution that it undoes. */
    undoes: text(),
    /** It asks for leave to run unasked; nothing is to run for it. */
    isGrant: integer({ mode: "boolean" }).notNull().default(false),
    createdAt: integer().notNull(),
    endedAt: integer(),
    endReason: text(),
  },
  (t) => [
    // Each of these has all that a filter of the history asks for, so that none has to open the rows themselves.
    index("requests_of_incident").on(t.incidentId, t.runbookId, t.target),
    index("requests_by_plan_code").on(t.planCode),
    index("requests_of_action").on(t.runbookId, t.actionId, t.target, t.createdAt, t.incidentId),
    index("requests_of_target").on(t.target, t.createdAt, t.incidentId),
    index("requests_that_undo").on(t.undoes).where(sql`undoes is not null`),
    uniqueIndex("one_live_request_an_alert")
      .on(t.episodeId)
      .where(sql`state in ('pending', 'approved', 'executing')`),
    uniqueIndex("one_live_request_asked_for")
      .on(t.runbookId, t.actionId, t.target)
      .where(
        sql`episode_id is null and not is_grant and state in ('pending', 'approved', 'executing')`,
      ),
    uniqueIndex("one_live_request_for_a_grant")
      .on(t.runbookId, t.actionId, t.target)
      .where(sql`is_grant and state in ('pending', 'approved', 'executing')`),
    index("held_requests")
      .on(t.runbookId, t.actionId, t.createdAt)
      .where(
        sql`requester is null and (instr(reasons, '"rule":"limit"') or instr(reasons, '"rule":"breaker"') or instr(reasons, '"rule":"flapping"'))`,
      ),
    index("live_requests").on(t.state).where(sql`state in ('pending', 'approved', 'executing')`),
  ],
);

/** Leave for an action to run unasked on a target; at most one that has not ended. */
export const grants = sqliteTable(
  "grants",
  {
    requestId: text()
      .primaryKey()
      .references(() => requests.id),
    runbookId: text().notNull(),
    actionId: text().notNull(),
    target: text().notNull(),
    binding: text().notNull(),
    givenAt: integer().notNull(),
    endedAt: integer(),
    endedBy: text(),
    endReason: text(),
  },
  (t) => [
    uniqueIndex("one_grant_an_action")
      .on(t.runbookId, t.actionId, t.target)
      .where(sql`ended_at is null`),
    index("grants_of_action").on(t.runbookId, t.actionId, t.target, t.endedAt),
  ],
);

/** What a program has sent with an Idempotency-Key, so that a repeated call gets the answer of the first. */
export const proposalKeys = sqliteTable(
  "proposal_keys",
  {
    holder: text().notNull(),
    key: text().notNull(),
    bodyHash: text().notNull(),
    requestId: text()
      .notNull()
      .references(() => requests.id),
  },
  (t) => [primaryKey({ columns: [t.holder, t.key] })],
);

export const votes = sqliteTable(
  "votes",
  {
    requestId: text()
      .notNull()
      .references(() => requests.id),
    person: text().notNull(),
    decision: text().notNull(),
    channel: text().notNull(),
    reason: text(),
    at: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.requestId, t.person] }),
    index("votes_by_time").on(t.at, t.requestId),
  ],
);

export const executions = sqliteTable(
  "executions",
  {
    id: text().primaryKey(),
    // The last line of defence of "at most once": a second row for a request can't be written.
    requestId: text()
      .notNull()
      .unique()
      .references(() => requests.id),
    incidentId: text().notNull(),
    runbookId: text().notNull(),
    actionId: text().notNull(),
    target: text().notNull(),
    isUnasked: integer({ mode: "boolean" }).notNull(),
    state: text().notNull(),
    claimedAt: integer().notNull(),
    startedAt: integer(),
    finishedAt: integer(),
    exitCode: integer(),
    output: text(),
    isTruncated: integer({ mode: "boolean" }),
    reviewedBy: text(),
    /** That of its verification, so that what all runs came to is counted from an index alone. */
    outcome: text(),
  },
  (t) => [
    uniqueIndex("one_run_a_target").on(t.target).where(sql`state in ('claimed', 'started')`),
    index("executions_by_time").on(t.claimedAt, t.state, t.outcome, t.isUnasked, t.incidentId),
    index("executions_of_action").on(
      t.runbookId,
      t.actionId,
      t.target,
      t.claimedAt,
      t.startedAt,
      t.state,
      t.outcome,
    ),
    index("executions_of_incident").on(t.incidentId),
    index("executions_on_any_target").on(t.runbookId, t.actionId, t.claimedAt),
    index("unreviewed_executions")
      .on(t.runbookId, t.actionId, t.target)
      .where(sql`state = 'unknown' and reviewed_by is null`),
  ],
);

export const verifications = sqliteTable("verifications", {
  executionId: text()
    .primaryKey()
    .references(() => executions.id),
  outcome: text().notNull(),
  detail: text().notNull(),
  judgedAt: integer().notNull(),
});

/**
 * Silences in Alertmanager that we ask for, each covering some alerts of one incident. The row comes first, so that
 * after a crash one that may have been made is found by its id, which stands in its comment, and lifted.
 */
export const silences = sqliteTable(
  "silences",
  {
    id: text().primaryKey(),
    incidentId: text()
      .notNull()
      .references(() => incidents.id),
    /** The request whose run it covers; null for one that a person asked for. */
    requestId: text(),
    episodeIds: text().notNull(),
    person: text(),
    beganAt: integer().notNull(),
    /** Where Alertmanager ends it by itself. */
    endsAt: integer().notNull(),
    /** When we end it; not after `endsAt`. */
    liftAt: integer().notNull(),
    /** Why Alertmanager has none. */
    failure: text(),
    endedAt: integer(),
  },
  (t) => [index("silences_of_incident").on(t.incidentId)],
);

/** One card that stands for all the new incidents of a storm. */
export const digests = sqliteTable(
  "digests",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    channel: text().notNull(),
    chat: text().notNull(),
    messageId: text(),
    openedAt: integer().notNull(),
    endedAt: integer(),
    shownHash: text(),
    shownAt: integer(),
    isReposted: integer({ mode: "boolean" }).notNull(),
    /** Its end has been shown: nothing about it changes any more. */
    isDone: integer({ mode: "boolean" }).notNull(),
  },
  (t) => [
    uniqueIndex("one_digest_a_chat").on(t.channel, t.chat).where(sql`not is_done`),
    index("messages_of_digests").on(t.channel, t.chat, t.messageId),
  ],
);

/** What must outlive the process about a chat itself. */
export const chats = sqliteTable(
  "chats",
  {
    channel: text().notNull(),
    /** As it is set. */
    chat: text().notNull(),
    /** The id it has now, where the platform gave it a new one. */
    movedTo: text(),
    /** When its platform last answered: it keeps presses for a while only. */
    heardAt: integer(),
    /** The newest updates that were handled, as JSON: after a crash they come again. */
    handled: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.channel, t.chat] })],
);

/** What each chat shows of each incident; compared with the incident's version to find stale cards. */
export const cards = sqliteTable(
  "cards",
  {
    incidentId: text()
      .notNull()
      .references(() => incidents.id),
    channel: text().notNull(),
    chat: text().notNull(),
    messageId: text(),
    shownVersion: integer().notNull(),
    shownHash: text(),
    shownState: text(),
    /** Set by every change of the incident, so that finding work costs nothing with years of history. */
    isStale: integer({ mode: "boolean" }).notNull(),
    /** Whether a person caused the newest change: such edits go first. */
    isUrgent: integer({ mode: "boolean" }).notNull(),
    isReposted: integer({ mode: "boolean" }).notNull(),
    at: integer().notNull(),
    /** The card is up to date, but lines under it are still to be said. */
    isReplying: integer({ mode: "boolean" }).notNull().default(false),
    /** The digest that stands for it, while it has no message of its own. */
    digestId: integer().references(() => digests.id),
  },
  (t) => [
    primaryKey({ columns: [t.incidentId, t.channel, t.chat] }),
    index("cards_of_digest").on(t.digestId).where(sql`digest_id is not null`),
    index("cards_of_chat").on(t.channel, t.chat, t.messageId),
    index("stale_cards").on(t.channel, t.chat, t.at).where(sql`is_stale`),
  ],
);

/** The picture under each card: which one, so that none is sent twice. */
export const pictures = sqliteTable(
  "pictures",
  {
    incidentId: text()
      .notNull()
      .references(() => incidents.id),
    channel: text().notNull(),
    chat: text().notNull(),
    /** The card it stands under. */
    cardId: text().notNull(),
    /** What it shows; kept before it is sent. */
    shown: text().notNull(),
    /** Null until its platform has said it, and where it can't be replaced. */
    messageId: text(),
  },
  (t) => [primaryKey({ columns: [t.channel, t.chat, t.incidentId] })],
);

/** What a button stands for. The token is all that travels through the chat. */
export const buttons = sqliteTable(
  "buttons",
  {
    token: text().primaryKey(),
    channel: text().notNull(),
    chat: text().notNull(),
    verb: text().notNull(),
    subject: text().notNull(),
    person: text(),
    expiresAt: integer(),
    usedAt: integer(),
  },
  (t) => [
    uniqueIndex("one_button_a_choice")
      .on(t.channel, t.chat, t.subject, t.verb)
      .where(sql`person is null and used_at is null`),
  ],
);

/** Work to do, each step once at a time. The state change that makes a step due enqueues it. */
export const steps = sqliteTable(
  "steps",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    kind: text().notNull(),
    subject: text().notNull(),
    dueAt: integer().notNull(),
    attempts: integer().notNull(),
    /** Grows with every enqueue, so that one that arrives during a run is not lost with it. */
    generation: integer().notNull(),
    isLeased: integer({ mode: "boolean" }).notNull(),
    /** The executor of its own that works on it; null for the program itself. */
    holder: text(),
    /** How often in a row the program fell over while this was under way. */
    crashes: integer().notNull().default(0),
    lastError: text(),
  },
  (t) => [
    uniqueIndex("one_step_a_subject").on(t.kind, t.subject),
    index("due_steps").on(t.kind, t.isLeased, t.dueAt),
  ],
);

/** The hash-chained record of every state change. Triggers forbid changing or removing a row. */
export const record = sqliteTable(
  "record",
  {
    seq: integer().primaryKey(),
    at: integer().notNull(),
    kind: text().notNull(),
    incidentId: text(),
    event: text().notNull(),
    hash: text().notNull(),
  },
  (t) => [
    index("record_of_incident").on(t.incidentId),
    index("switched")
      .on(t.seq)
      .where(sql`kind in ('autohealing.enabled', 'autohealing.disabled', 'maintenance.begun')`),
    index("notes_by_time").on(t.at).where(sql`kind = 'incident.noted'`),
  ],
);

export const switches = sqliteTable("switches", {
  name: text().primaryKey(),
  value: text().notNull(),
});

/** The runbook folder as it was last looked at, secrets taken out: what a change is told against, also after a restart. */
export const ruleFiles = sqliteTable("rule_files", {
  name: text().primaryKey(),
  /** Null for a file that could not be read. */
  sha256: text(),
  text: text().notNull(),
});

/** What everybody has to be told and belongs to no incident. */
export const notices = sqliteTable(
  "notices",
  {
    id: integer().primaryKey(),
    at: integer().notNull(),
    text: text().notNull(),
    isTold: integer({ mode: "boolean" }).notNull(),
  },
  (t) => [index("untold_notices").on(t.id).where(sql`is_told = 0`)],
);

/** What each place outside the chats was last told of an incident. */
export const tellings = sqliteTable(
  "tellings",
  {
    incidentId: text()
      .notNull()
      .references(() => incidents.id),
    place: text().notNull(),
    event: text().notNull(),
    at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.incidentId, t.place] })],
);

/** Which reports each chat was sent; a row comes before its message, so that none is sent twice. */
export const sentReports = sqliteTable(
  "sent_reports",
  {
    /** Such as `week 2026-03-02`. */
    name: text().notNull(),
    channel: text().notNull(),
    chat: text().notNull(),
    at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.name, t.channel, t.chat] })],
);

export const signInLinks = sqliteTable("sign_in_links", {
  tokenHash: text().primaryKey(),
  person: text().notNull(),
  way: text().notNull().default("link"),
  expiresAt: integer().notNull(),
  usedAt: integer(),
});

export const sessions = sqliteTable("sessions", {
  secretHash: text().primaryKey(),
  person: text().notNull(),
  csrf: text().notNull(),
  createdAt: integer().notNull(),
  expiresAt: integer().notNull(),
  /** What the browser called itself, so that people know theirs apart. */
  agent: text(),
  /** What it began with: a `link` from the machine, one that came through a `chat`, or a `passkey`. */
  way: text().notNull().default("link"),
});

/** Public keys only: who reads the file can't sign in with it. */
export const passkeys = sqliteTable(
  "passkeys",
  {
    /** As the browser names it. */
    id: text().primaryKey(),
    person: text().notNull(),
    name: text().notNull(),
    /** The host it was made for; at any other it is worth nothing. */
    site: text().notNull(),
    publicKey: text().notNull(),
    /** How often it was used, where the device counts. */
    counter: integer().notNull(),
    transports: text().notNull(),
    createdAt: integer().notNull(),
    usedAt: integer(),
  },
  (t) => [index("passkeys_of_person").on(t.person)],
);
