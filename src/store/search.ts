import type { RequestState } from "../approval/approval.ts";
import type { IncidentSummary } from "../chat/card.ts";
import type { Labels, Severity } from "../incident/alert.ts";
import { placeOf } from "../incident/alert.ts";
import type { IncidentState } from "../incident/incident.ts";
import type { Risk } from "../remediation/proposal.ts";
import type { Sqlite } from "./open.ts";
import type { SearchIndex } from "./search-index.ts";

export interface IncidentQuery {
  /** All of these words, anywhere in what the index knows of an incident. */
  readonly words?: string;
  readonly state?: IncidentState | "unresolved";
  readonly severity?: Severity;
  readonly since?: Date;
  /** With a request of this runbook. */
  readonly runbook?: string;
  /** With a request for this target, by its name in the inventory. */
  readonly target?: string;
  readonly limit: number;
  readonly offset?: number;
  /** The last incident of the page before; instead of an offset. */
  readonly after?: string;
}

interface Found {
  readonly items: IncidentSummary[];
  /** Counted up to `MOST_COUNTED`. */
  readonly total: number;
}

/** Nobody pages that far; counting on would take longer than everything else. */
const MOST_COUNTED = 1_000;
/** The index knows words of three characters and more; for shorter ones the newest incidents are read through. */
const MOST_READ_THROUGH = 10_000;
/** Up to so many requests their incidents are put in order; of more, the newest incidents soon have a page full. */
const FEW_REQUESTS = 5_000;

/** Brought up to date before a search, unless so much has changed that it is being done in the background. */
const INDEXED_AT_ONCE = 200;

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The history: incidents by words, state and time, the newest first. */
export function createSearch(sqlite: Sqlite, index: Pick<SearchIndex, "indexSome">) {
  const alertCount = sqlite
    .prepare<[string], number>("SELECT count(*) FROM alerts WHERE incident_id = ?")
    .pluck();
  const labels = sqlite
    .prepare<[string], string>("SELECT labels FROM alerts WHERE incident_id = ? LIMIT 50")
    .pluck();
  const newestRequest = sqlite.prepare<
    [string],
    { proposal: string; state: RequestState; risk: Risk }
  >(
    `SELECT proposal, state, risk FROM requests WHERE incident_id = ?
     ORDER BY created_at DESC, rowid DESC LIMIT 1`,
  );
  const requestsWith = (name: string) =>
    sqlite
      .prepare<[string, number], number>(
        `SELECT count(*) FROM (SELECT 1 FROM requests WHERE ${name} = ? LIMIT ?)`,
      )
      .pluck();
  const [ofRunbook, ofTarget] = [requestsWith("runbook_id"), requestsWith("target")];
  const byId = sqlite.prepare<[string], Row>(
    "SELECT id, title, severity, state, opened_at, resolved_at FROM incidents WHERE id = ?",
  );

  function find(query: IncidentQuery): Found {
    const words = wordsOf(query.words ?? "");
    if (words.length > 0) index.indexSome(INDEXED_AT_ONCE);
    const { from, counted, order, conditions, later } = words.length > 0 ? byWords(words) : BY_TIME;
    const filters = filtersOf(query, isRare);
    const all = whereOf([...conditions, ...filters]);
    const page =
      query.after === undefined ? all : whereOf([...conditions, ...filters, later(query.after)]);
    const ids = sqlite
      .prepare<unknown[], string>(`SELECT i.id FROM ${from}${page.sql} ${order} LIMIT ? OFFSET ?`)
      .pluck()
      .all(...page.values, query.limit, query.offset ?? 0);
    return { items: ids.flatMap(summaryOf), total: endOf(query, ids.length) ?? count() };

    function count(): number {
      const source = filters.length === 0 ? counted : from;
      const found = sqlite
        .prepare<unknown[], number>(
          `SELECT count(*) FROM (SELECT 1 FROM ${source}${all.sql} LIMIT ?)`,
        )
        .pluck()
        .get(...all.values, MOST_COUNTED);
      return found ?? 0;
    }
  }

  function isRare(name: "runbook_id" | "target", value: string): boolean {
    const found = (name === "target" ? ofTarget : ofRunbook).get(value, FEW_REQUESTS);
    return (found ?? 0) < FEW_REQUESTS;
  }

  function summaryOf(incidentId: string): IncidentSummary[] {
    const row = byId.get(incidentId);
    if (row === undefined) return [];
    const newest = newestRequest.get(incidentId);
    const { actionTitle } = JSON.parse(newest?.proposal ?? "{}") as { actionTitle: string };
    return [
      {
        id: row.id,
        title: row.title,
        where: placesOf(labels.all(incidentId)),
        severity: row.severity,
        state: row.state,
        openedAt: new Date(row.opened_at),
        resolvedAt: row.resolved_at === null ? null : new Date(row.resolved_at),
        alertCount: alertCount.get(incidentId) ?? 0,
        request:
          newest === undefined ? null : { actionTitle, state: newest.state, risk: newest.risk },
      },
    ];
  }

  return { find };
}

interface Row {
  id: string;
  title: string;
  severity: Severity | null;
  state: IncidentState;
  opened_at: number;
  resolved_at: number | null;
}

const BY_TIME = {
  from: "incidents i",
  counted: "incidents i",
  order: "ORDER BY i.opened_at DESC, i.rowid DESC",
  conditions: [] as readonly Condition[],
  later: (last: string): Condition => ({
    sql: "(i.opened_at, i.rowid) < (SELECT opened_at, rowid FROM incidents WHERE id = ?)",
    values: [last],
  }),
};

/** From the index outwards, newest first: a common word is found as fast as a rare one. */
function byWords(words: readonly string[]) {
  const long = words.filter((word) => [...word].length >= 3);
  const short = words.filter((word) => !long.includes(word));
  // Without a word it knows, the index reads all it has; what it was made of is read from any place.
  const { table, n, text } =
    long.length > 0
      ? { table: "incident_words", n: "w.rowid", text: "w.words" }
      : { table: "incident_words_content", n: "w.id", text: "w.c0" };
  const conditions: Condition[] = short.map((word) => ({
    sql: `${text} LIKE ? ESCAPE '\\'`,
    values: [`%${word.replace(/[\\%_]/g, (char) => `\\${char}`)}%`],
  }));
  if (long.length > 0) {
    const phrases = long.map((word) => `"${word.replaceAll('"', '""')}"`);
    conditions.unshift({ sql: "incident_words MATCH ?", values: [phrases.join(" ")] });
  } else {
    const sql = `${n} > (SELECT coalesce(max(n), 0) FROM incidents) - ?`;
    conditions.unshift({ sql, values: [MOST_READ_THROUGH] });
  }
  return {
    from: `${table} w CROSS JOIN incidents i ON i.n = ${n}`,
    // Every entry of the index is an incident: to count them it is enough.
    counted: `${table} w`,
    order: `ORDER BY ${n} DESC`,
    conditions,
    later: (last: string): Condition => ({
      sql: `${n} < (SELECT n FROM incidents WHERE id = ?)`,
      values: [last],
    }),
  };
}

function whereOf(conditions: readonly Condition[]): Condition {
  const sql = conditions.map((one) => one.sql).join(" AND ");
  return { sql: sql && ` WHERE ${sql}`, values: conditions.flatMap((one) => one.values) };
}

/** A page that is not full is the last one: then nothing is left to count. */
function endOf({ limit, offset = 0, after }: IncidentQuery, found: number): number | null {
  const isEnd = after === undefined && found < limit && (found > 0 || offset === 0);
  return isEnd ? Math.min(offset + found, MOST_COUNTED) : null;
}

function filtersOf(
  { state, severity, since, runbook, target }: IncidentQuery,
  isRare: (name: "runbook_id" | "target", value: string) => boolean,
): Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: (string | number)[]) => conditions.push({ sql, values });
  // A literal, not a parameter: only so does the index of the open ones apply.
  if (state !== undefined && state !== "resolved") add("i.state <> 'resolved'");
  if (state !== undefined && state !== "unresolved") add("i.state = ?", state);
  if (severity !== undefined) add("i.severity = ?", severity);
  if (since !== undefined) add("i.opened_at >= ?", since.getTime());
  const addRequest = (name: "runbook_id" | "target", value: string) =>
    isRare(name, value)
      ? add(`i.id IN (SELECT incident_id FROM requests WHERE ${name} = ?)`, value)
      : add(
          `EXISTS (SELECT 1 FROM requests r WHERE r.incident_id = i.id AND r.${name} = ?)`,
          value,
        );
  if (runbook !== undefined) addRequest("runbook_id", runbook);
  if (target !== undefined) addRequest("target", target);
  return conditions;
}

/** Every id begins with `inc_`, which tells none from another: the index has the rest only. */
function wordsOf(text: string): string[] {
  const words = text.replaceAll("\0", " ").split(/\s+/);
  return words.map((word) => word.replace(/^inc_(?=[0-9a-f])/, "")).filter(Boolean);
}

function placesOf(labels: readonly string[]): string {
  const places = new Set(labels.map((text) => placeOf(JSON.parse(text) as Labels)));
  places.delete("");
  const [first = "", second, ...more] = places;
  if (second === undefined) return first;
  return `${first}, ${second}${more.length > 0 ? ` and ${more.length} more` : ""}`;
}
