import { createRoute, z } from "@hono/zod-openapi";
import {
  Accepted,
  ExecutionPage,
  Followed,
  Incident,
  IncidentPage,
  Refused,
  RequestPage,
  Runbook,
  Runbooks,
  Standing,
  Statistics,
} from "./api-answers.ts";
import { IdParam, IncidentsQuery, PageQuery, RequestsQuery } from "./api-questions.ts";
import { IDEMPOTENCY_KEY, ProposalBody } from "./proposals.ts";

const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema } },
});

const WRONG = { 400: json("A value is wrong; `problems` names which", Refused) };
const NONE = { 404: json("There is none of this id, or it is not this key's", Refused) };
const NO_READER = {
  401: json("No key of `api_keys` in policy.yaml, and nobody is signed in", Refused),
  503: json("policy.yaml can't be read, so no key is known", Refused),
};
const security = [{ key: [] }, { session: [] }];

/** What can be called, with what, and what it answers. */
export const ROUTES = {
  status: createRoute({
    method: "get",
    path: "/api/status",
    operationId: "status",
    summary: "How it stands, in counts, for start pages; without a key",
    security: [],
    responses: { 200: json("Counts only", Standing) },
  }),
  incidents: createRoute({
    method: "get",
    path: "/api/incidents",
    operationId: "incidents",
    summary: "Incidents, the newest first",
    security,
    request: { query: IncidentsQuery },
    responses: { 200: json("A page of them", IncidentPage), ...WRONG, ...NO_READER },
  }),
  incident: createRoute({
    method: "get",
    path: "/api/incidents/{id}",
    operationId: "incident",
    summary: "One incident with alerts, evidence, what was done about it, and its timeline",
    security,
    request: { params: IdParam },
    responses: { 200: json("As it stands", Incident), ...WRONG, ...NONE, ...NO_READER },
  }),
  requests: createRoute({
    method: "get",
    path: "/api/requests",
    operationId: "requests",
    summary: "What was proposed and what became of it, the newest first",
    security,
    request: { query: RequestsQuery },
    responses: { 200: json("A page of them", RequestPage), ...WRONG, ...NO_READER },
  }),
  request: createRoute({
    method: "get",
    path: "/api/requests/{id}",
    operationId: "request",
    summary: "What became of a request of this key",
    security,
    request: { params: IdParam },
    responses: { 200: json("As it stands", Followed), ...WRONG, ...NONE, ...NO_READER },
  }),
  executions: createRoute({
    method: "get",
    path: "/api/executions",
    operationId: "executions",
    summary: "What ran, the newest first",
    security,
    request: { query: PageQuery },
    responses: { 200: json("A page of them", ExecutionPage), ...WRONG, ...NO_READER },
  }),
  runbooks: createRoute({
    method: "get",
    path: "/api/runbooks",
    operationId: "runbooks",
    summary: "The runbooks, with how their runs ended",
    security,
    responses: { 200: json("All of them", Runbooks), ...NO_READER },
  }),
  runbook: createRoute({
    method: "get",
    path: "/api/runbooks/{id}",
    operationId: "runbook",
    summary: "One runbook with its actions and what the policy makes of each",
    security,
    request: { params: IdParam },
    responses: { 200: json("As it is now", Runbook), ...WRONG, ...NONE, ...NO_READER },
  }),
  statistics: createRoute({
    method: "get",
    path: "/api/statistics",
    operationId: "statistics",
    summary: "What the last 30 days amount to",
    security,
    responses: { 200: json("Counts and times", Statistics), ...NO_READER },
  }),
  events: createRoute({
    method: "get",
    path: "/api/events",
    operationId: "events",
    summary: "A stream that says that something changed, never what",
    security,
    responses: {
      200: {
        description:
          "Server-sent events: `incident` with `{id, version}`, and `status`; a comment every 15 s",
        content: { "text/event-stream": { schema: z.string() } },
      },
      401: { description: "No key, and nobody is signed in" },
      503: { description: "Too many are listening; `Retry-After` says when to come again" },
    },
  }),
  propose: createRoute({
    method: "post",
    path: "/api/proposals",
    operationId: "propose",
    summary: "Propose an action; people decide it",
    security: [{ key: [] }],
    request: {
      headers: z.object({
        "idempotency-key": z
          .string()
          .regex(IDEMPOTENCY_KEY)
          .optional()
          .describe("The same key and body again get the same answer and ask nobody twice"),
      }),
      body: { required: true, content: { "application/json": { schema: ProposalBody } } },
    },
    responses: {
      202: json("Asked for", Accepted),
      ...WRONG,
      ...NO_READER,
      403: json("The key may not propose this runbook", Refused),
      409: json("The same action on the same target is asked for already", Refused),
      413: json("The body is over 4 MiB", Refused),
      415: json("The body is not JSON by its content type", Refused),
      422: json(
        "A value does not fit, the policy says no, or the Idempotency-Key came with another body",
        Refused,
      ),
      429: json(
        "Ten requests of this key wait or run; `Retry-After` says when to come again",
        Refused,
      ),
    },
  }),
};
