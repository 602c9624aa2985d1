import { z } from "zod";
import { ProposalBody } from "./proposals.ts";

const Reason = z.object({ rule: z.string(), text: z.string() });
const Risk = z.enum(["low", "medium", "high"]);

/** The answers of the programs' API, as they are described to those who call it. */
export const Accepted = z.object({
  request: z.string().describe("the id to follow it by"),
  planCode: z.string().describe("the 8 hex digits that stand on the card"),
  verdict: z.literal("ask").describe("what a program proposes is always decided by people"),
  reasons: z.array(Reason),
  incident: z.string(),
});

export const Followed = z.object({
  request: z.string(),
  incident: z.string(),
  state: z.literal([
    "pending",
    "approved",
    "executing",
    "succeeded",
    "failed",
    "unknown",
    "rejected",
    "expired",
    "superseded",
    "cancelled",
  ]),
  planCode: z.string(),
  verdict: z.literal("ask"),
  risk: Risk,
  reasons: z.array(Reason),
  quorum: z.int(),
  approvals: z.int(),
  runbook: z.string(),
  action: z.string(),
  params: z.record(z.string(), z.string()),
  target: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  endReason: z.string().nullable(),
  execution: z.object({ state: z.string(), exitCode: z.int().nullable() }).nullable(),
  verification: z.enum(["verified", "still_failing", "inconclusive"]).nullable(),
});

export const Refused = z.object({
  status: z.literal("refused"),
  error: z.string(),
  problems: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  verdict: z.literal("deny").optional(),
  reasons: z.array(Reason).optional(),
});

export const Standing = z.object({
  status: z.enum(["ok", "degraded", "failing"]),
  autohealing: z.boolean(),
  openIncidents: z.int(),
  waitingRequests: z.int(),
});

const REFUSALS: Readonly<Record<string, string>> = {
  400: "The body or a header is wrong; `problems` names the failing paths",
  401: "No key of `api_keys` in policy.yaml",
  403: "The key may not propose this runbook",
  409: "The same action on the same target is asked for already",
  413: "The body is over 4 MiB",
  415: "The body is not JSON by its content type",
  422: "A value does not fit, the policy says no, or the Idempotency-Key came with another body",
  429: "Ten requests of this key wait or run; `Retry-After` says when to come again",
  503: "policy.yaml can't be read",
};

/** What other programs may call, as an OpenAPI 3.1 document made of the schemas that the routes themselves use. */
export function openApi(version: string, publicUrl: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Countersign",
      version,
      description:
        "Propose an action of the whitelist and follow what people decide. Nothing proposed here runs unasked.",
    },
    servers: [{ url: publicUrl }],
    security: [{ key: [] }],
    paths: {
      "/api/proposals": {
        post: {
          operationId: "propose",
          summary: "Propose an action; people decide it",
          parameters: [
            {
              name: "Idempotency-Key",
              in: "header",
              schema: { type: "string", pattern: "^[!-~]{1,128}$" },
              description: "The same key and body again get the same answer and ask nobody twice",
            },
          ],
          requestBody: { required: true, content: json(schemaOf(ProposalBody, "input")) },
          responses: {
            202: { description: "Asked for", content: json(schemaOf(Accepted)) },
            ...refusals("400", "401", "403", "409", "413", "415", "422", "429", "503"),
          },
        },
      },
      "/api/status": {
        get: {
          operationId: "status",
          summary: "How it stands, in counts, for start pages; without a key",
          security: [],
          responses: { 200: { description: "Counts only", content: json(schemaOf(Standing)) } },
        },
      },
      "/api/requests/{id}": {
        get: {
          operationId: "follow",
          summary: "What became of a request of this key",
          parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
          responses: {
            200: { description: "As it stands", content: json(schemaOf(Followed)) },
            ...refusals("401", "503"),
            404: refusal("No request of this key has this id"),
          },
        },
      },
    },
    components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
  };
}

function refusals(...statuses: readonly string[]) {
  return Object.fromEntries(statuses.map((status) => [status, refusal(REFUSALS[status] ?? "")]));
}

function refusal(description: string) {
  return { description, content: json(schemaOf(Refused)) };
}

function json(schema: object) {
  return { "application/json": { schema } };
}

/** OpenAPI 3.1 speaks JSON Schema as it is. */
function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
