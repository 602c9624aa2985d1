import type { Context } from "hono";
import { Hono } from "hono";
import type { z } from "zod";
import type {
  ExecutionPage,
  Followed,
  Incident,
  IncidentPage,
  RequestPage,
  Runbook,
  Runbooks,
  Standing,
  Statistics,
  Told,
} from "./api-answers.ts";
import type { Holder } from "./api-key.ts";
import type { IncidentsQuery, PageQuery, RequestsQuery } from "./api-questions.ts";
import type { ProposalsOptions } from "./proposals.ts";

type Answer<Schema extends z.ZodType> = Promise<Told<z.output<Schema>>>;
type AnswerOrNone<Schema extends z.ZodType> = Promise<Told<z.output<Schema>> | null>;

/** What other programs may see; nothing in it decides, edits or runs. */
export interface ApiDesk extends Pick<ProposalsOptions, "holders" | "propose"> {
  readonly standing: () => Answer<typeof Standing>;
  readonly incidents: (wanted: z.output<typeof IncidentsQuery>) => Answer<typeof IncidentPage>;
  readonly incident: (id: string) => AnswerOrNone<typeof Incident>;
  readonly requests: (wanted: z.output<typeof RequestsQuery>) => Answer<typeof RequestPage>;
  /** To a key only what it proposed itself; `null` stands for a person who is signed in. */
  readonly request: (id: string, holder: Holder | null) => AnswerOrNone<typeof Followed>;
  readonly executions: (wanted: z.output<typeof PageQuery>) => Answer<typeof ExecutionPage>;
  readonly runbooks: () => Answer<typeof Runbooks>;
  readonly runbook: (id: string) => AnswerOrNone<typeof Runbook>;
  readonly statistics: () => Answer<typeof Statistics>;
}

export interface ApiOptions {
  readonly desk: ApiDesk;
  /** Whether a person who may read is signed in to the console in this browser. */
  readonly isSignedIn: (c: Context) => Promise<boolean>;
  readonly publicUrl: string;
  readonly version: string;
  readonly onRefused: (reason: string, detail: string) => void;
  readonly onFailure: (path: string, error: unknown) => void;
}

/** Other programs' way to read and to propose. */
export function createApi(options: ApiOptions): Hono {
  // Not loaded before somebody calls: it would make every start slower, and most installations have nobody who does.
  const load = async () => (await import("./api-routes.ts")).createApiRoutes(options);
  let loading: ReturnType<typeof load> | null = null;

  return new Hono().all("/api/*", async (c, next) => {
    // The stream of changes is the pages'.
    if (c.req.path === "/api/events") return await next();
    loading ??= load();
    return await (await loading).fetch(c.req.raw, c.env);
  });
}
