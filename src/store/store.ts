import { createAskedFor } from "./asked-for.ts";
import { createBackups } from "./backups.ts";
import { createBygone } from "./bygone.ts";
import { createCards } from "./cards.ts";
import { createChanges } from "./changes.ts";
import { createChats } from "./chats.ts";
import { createClock } from "./clock.ts";
import { createDigests } from "./digests.ts";
import { createElsewhere } from "./elsewhere.ts";
import { createExecutions } from "./executions.ts";
import { createFindings } from "./findings.ts";
import { createGrants } from "./grants.ts";
import { createHeard } from "./heard.ts";
import { createIncidents } from "./incidents.ts";
import type { IntakeOptions } from "./intake.ts";
import { createIntake } from "./intake.ts";
import { createLists } from "./lists.ts";
import { createNotices } from "./notices.ts";
import { openDatabase } from "./open.ts";
import { createOpinions } from "./opinions.ts";
import { createPasskeys } from "./passkeys.ts";
import { createPast } from "./past.ts";
import { createPatterns } from "./patterns.ts";
import { createPictures } from "./pictures.ts";
import { createRecord, lastRecordedAt } from "./record.ts";
import { createSentReports } from "./reports.ts";
import { createRequests } from "./requests.ts";
import { createRetention } from "./retention.ts";
import { createRules } from "./rules.ts";
import { createRunners } from "./runners.ts";
import { createSearch } from "./search.ts";
import { createSearchIndex } from "./search-index.ts";
import { createSessions } from "./sessions.ts";
import { createShifts } from "./shifts.ts";
import { createSilences } from "./silences.ts";
import { createStatistics } from "./statistics.ts";
import { createSteps } from "./steps.ts";
import { createSwitches } from "./switches.ts";
import { createTellings } from "./tellings.ts";
import { createViews } from "./views.ts";

interface Refusal {
  readonly reason: string;
  readonly channel: string;
  readonly chat: string;
  readonly accountId: string | null;
}

export interface StoreOptions extends IntakeOptions {
  readonly path: string;
  /** Whether this process does the work; only one may, commands beside it may not. */
  readonly isExclusive: boolean;
  /** Whether nothing may be written, whatever is called. */
  readonly isReadOnly?: boolean;
  /** Whether an executor that runs as another user of our group has to get at it. */
  readonly isShared?: boolean;
  /** The machine's clock; everything here, and everything that is compared with it, goes by `clock` instead. */
  readonly now: () => Date;
  /** Milliseconds that nobody can set back, from any beginning. A test's clock stands still between two looks. */
  readonly elapsedMs?: () => number;
  /** Whether a model reads what was found. */
  readonly hasReader?: boolean;
}

/**
 * Everything that is stored, and the only writer of it. Each method is one transaction, with the record of what it
 * changed inside. SQLite answers at once; `promised` gives the parts the asynchronous face that the rest knows.
 */
export function openStore(options: StoreOptions) {
  const opened = openDatabase(options.path, options);
  const { sqlite } = opened;
  const clock = createClock({
    wall: options.now,
    elapsedMs: options.elapsedMs ?? (() => 0),
    notBefore: lastRecordedAt(sqlite),
  });
  const { now } = clock;
  const record = createRecord(sqlite, now, options.redact);
  const steps = createSteps(sqlite, now);
  const changes = createChanges(sqlite, steps, now);
  const askedFor = createAskedFor(sqlite, { record, changes }, options.chats, now);
  const notices = createNotices(sqlite, now);
  const grants = createGrants(sqlite, { record, steps, changes, askedFor, notices }, now);
  const tools = { record, steps, changes, askedFor, notices, grants };
  if (options.isReadOnly !== true) record.begin();
  if (options.isExclusive) steps.releaseAll();

  const switches = createSwitches(sqlite, tools, now);
  const requests = createRequests(opened, tools, now);
  const silences = createSilences(sqlite, tools, now);
  const searchIndex = createSearchIndex(sqlite, options.redact);
  const executions = createExecutions(opened, { ...tools, silences }, now, switches);
  const alive = sqlite.prepare<[string]>(
    "INSERT INTO switches (name, value) VALUES ('alive', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );

  return {
    intake: promised(createIntake(sqlite, tools, options)),
    findings: promised(createFindings(sqlite, tools, now, options.hasReader ?? false)),
    opinions: promised(createOpinions(sqlite, tools, now)),
    requests: promised(requests),
    rules: promised(
      createRules(sqlite, tools, now, (id, why) =>
        requests.end(id, "superseded", why, "countersign", { proposeAnew: true }),
      ),
    ),
    executions: promised(executions),
    grants: promised(grants.forAll),
    runners: promised(
      createRunners(options.path, { holders: steps.holders, lose: executions.lose }),
    ),
    elsewhere: promised(createElsewhere(sqlite, changes, clock.notBefore)),
    switches: promised(switches),
    silences: promised(silences.forAll),
    incidents: promised(createIncidents(sqlite, tools, options.chats, now)),
    past: promised(createPast(sqlite)),
    bygone: promised(createBygone(opened)),
    views: promised({
      ...createViews(opened, silences, now),
      ...createSearch(sqlite, searchIndex),
    }),
    lists: promised(createLists(sqlite)),
    patterns: promised(createPatterns(sqlite, options.redact)),
    statistics: promised(createStatistics(sqlite)),
    shifts: promised(createShifts(sqlite)),
    searchIndex: promised(searchIndex),
    cards: promised(createCards(sqlite, tools, options.chats, now)),
    pictures: promised(createPictures(sqlite)),
    tellings: promised(createTellings(sqlite, now)),
    sentReports: promised(createSentReports(sqlite, now)),
    digests: promised(createDigests(sqlite, now)),
    chats: promised(createChats(sqlite)),
    sessions: promised(createSessions(sqlite, record, now)),
    passkeys: promised(createPasskeys(sqlite, record, now)),
    refusals: promised({
      /** Somebody without a role, or with a button that is not theirs: refused before any request was reached. */
      note: ({ reason, channel, chat, accountId }: Refusal) =>
        sqlite
          .transaction(() => {
            const actor = `${channel}:${accountId ?? "nobody"}`;
            record.append({
              kind: "attempt.refused",
              actor,
              incidentId: null,
              data: { reason, chat },
            });
          })
          .immediate(),
    }),
    heard: promised(createHeard(sqlite)),
    backups: promised(createBackups(sqlite, options.path)),
    retention: promised(createRetention(sqlite, record)),
    queue: promised(steps),
    record: { ...promised(record), entriesFrom: record.entriesFrom },
    clock,
    subscribe: changes.subscribe,
    /** For `/health`: one durable write. */
    ping: promised({ write: () => void alive.run(now().toISOString()) }).write,
    close: opened.close,
  };
}

export type Store = ReturnType<typeof openStore>;

type Promised<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

function promised<T extends object>(methods: T): Promised<T> {
  const entries = Object.entries(methods as Record<string, (...args: unknown[]) => unknown>);
  return Object.fromEntries(
    entries.map(([name, method]) => [
      name,
      (...args: unknown[]) => new Promise((resolve) => resolve(method(...args))),
    ]),
  ) as Promised<T>;
}
