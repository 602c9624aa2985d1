import type { SQL } from "drizzle-orm";
import { and, count, desc, eq, or, sql } from "drizzle-orm";
import type { RequestState } from "../approval/approval.ts";
import type { IncidentSummary } from "../chat/card.ts";
import type { Labels } from "../incident/alert.ts";
import { placeOf } from "../incident/alert.ts";
import type { IncidentState } from "../incident/incident.ts";
import type { Risk } from "../remediation/proposal.ts";
import type { Opened } from "./open.ts";
import { toIncident } from "./rows.ts";
import { incidents } from "./schema.ts";

export interface IncidentQuery {
  /** All of these words, anywhere in the title, the labels or the annotations. */
  readonly words?: string;
  readonly state?: IncidentState | "unresolved";
  readonly since?: Date;
  readonly limit: number;
  readonly offset?: number;
}

/** The history: incidents by words, state and time, the newest first. */
export function createSearch({ sqlite, drizzle: db }: Opened) {
  function find(query: IncidentQuery): { items: IncidentSummary[]; total: number } {
    const where = conditionOf(query);
    const rows = db
      .select()
      .from(incidents)
      .where(where)
      .orderBy(desc(incidents.openedAt), desc(sql`rowid`))
      .limit(query.limit)
      .offset(query.offset ?? 0)
      .all();
    const total = db.select({ n: count() }).from(incidents).where(where).get()?.n ?? 0;
    return { items: rows.map((row) => summaryOf(toIncident(row))), total };
  }

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

  function summaryOf(row: ReturnType<typeof toIncident>): IncidentSummary {
    const { id, title, severity, state, openedAt, resolvedAt } = row;
    const newest = newestRequest.get(id);
    const { actionTitle } = JSON.parse(newest?.proposal ?? "{}") as { actionTitle: string };
    return {
      id,
      title,
      where: placesOf(labels.all(id)),
      severity,
      state,
      openedAt,
      resolvedAt,
      alertCount: alertCount.get(id) ?? 0,
      request:
        newest === undefined ? null : { actionTitle, state: newest.state, risk: newest.risk },
    };
  }

  return { find };
}

function placesOf(labels: readonly string[]): string {
  const places = new Set(labels.map((text) => placeOf(JSON.parse(text) as Labels)));
  places.delete("");
  const [first = "", second, ...more] = places;
  if (second === undefined) return first;
  return `${first}, ${second}${more.length > 0 ? ` and ${more.length} more` : ""}`;
}

function conditionOf({ words, state, since }: IncidentQuery): SQL | undefined {
  const conditions: (SQL | undefined)[] = [];
  // A literal, not a parameter: only so does the index of the open ones apply.
  if (state === "unresolved") conditions.push(sql`state <> 'resolved'`);
  else if (state !== undefined) conditions.push(eq(incidents.state, state));
  if (since !== undefined) conditions.push(sql`${incidents.openedAt} >= ${since.getTime()}`);
  for (const word of (words ?? "").split(/\s+/).filter(Boolean)) {
    const literal = escaped(word);
    // Labels lie there as JSON, which writes quotes and backslashes in its own way.
    const inJson = `%${escaped(JSON.stringify(word).slice(1, -1))}%`;
    conditions.push(
      or(
        sql`${incidents.title} LIKE ${`%${literal}%`} ESCAPE '\\'`,
        sql`${incidents.id} LIKE ${`${literal}%`} ESCAPE '\\'`,
        sql`EXISTS (SELECT 1 FROM alerts a WHERE a.incident_id = ${incidents.id}
             AND (a.labels LIKE ${inJson} ESCAPE '\\' OR a.annotations LIKE ${inJson} ESCAPE '\\'))`,
      ),
    );
  }
  return and(...conditions);
}

function escaped(word: string): string {
  return word.replace(/[\\%_]/g, (char) => `\\${char}`);
}
