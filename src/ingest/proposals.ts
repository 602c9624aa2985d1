import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import type { Holder, HolderVariables } from "./api-key.ts";
import { onlyHolders } from "./api-key.ts";
import { jsonBody, parseJson, problemsOf } from "./json-body.ts";

const RETRY_AFTER_SECONDS = "60";
const Name = z.string().min(1).max(128);

export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

/** Strict: what is misspelled must not be left out unnoticed. */
export const ProposalBody = z.strictObject({
  runbook: Name,
  action: Name.optional(),
  params: z
    .record(z.string().max(128), z.string().max(256))
    .refine((params) => Object.keys(params).length <= 32, "must be at most 32 values")
    .default({}),
  target: z.string().min(1).max(256).optional(),
  reason: z.string().max(1000).optional(),
  incident: z.string().max(64).optional(),
});

/** What another program proposes. Its words are its own: nothing in them is believed. */
export interface ProposedByProgram {
  readonly runbook: string;
  readonly action: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly target: string | null;
  readonly reason: string | null;
  readonly incident: string | null;
}

type Problem = { readonly path: string; readonly message: string };

export type ProposalAnswer =
  | { readonly outcome: "accepted"; readonly body: object }
  | { readonly outcome: "forbidden" | "too_many" | "other_body"; readonly error: string }
  | { readonly outcome: "duplicate"; readonly error: string }
  | { readonly outcome: "unfit"; readonly problem: Problem }
  | { readonly outcome: "denied"; readonly reasons: readonly object[] };

export interface ProposalsOptions {
  /** Null while the policy can't be read: then nobody is known. */
  readonly holders: () => readonly Holder[] | null;
  readonly propose: (
    wish: ProposedByProgram,
    holder: Holder,
    call: { readonly key: string; readonly bodyHash: string } | null,
  ) => Promise<ProposalAnswer>;
  readonly onRefused?: (reason: string, detail: string) => void;
}

/** Other programs' way in: they propose what the whitelist holds, and people decide. */
export function createProposals({
  holders,
  propose,
  onRefused,
}: ProposalsOptions): Hono<HolderVariables> {
  const app = new Hono<HolderVariables>();

  type Status = 400 | 401 | 403 | 409 | 413 | 415 | 422 | 429 | 503;
  function refuse(c: Context, status: Status, reason: string, error: string, more: object = {}) {
    onRefused?.(reason, error);
    return c.json({ status: "refused", error, ...more }, status);
  }

  const refuseAt = (c: Context, status: 400 | 422, problems: readonly Problem[]) => {
    const error = problems.map(({ path, message }) => `${path || "body"}: ${message}`).join("; ");
    return refuse(c, status, "body", error, { problems });
  };

  const { onlyJson, limit } = jsonBody(refuse);

  const authorize = onlyHolders(holders, refuse);

  app.post("/api/proposals", authorize, onlyJson, limit, async (c) => {
    const body = parseJson(await c.req.text());
    if (!body.ok) return refuse(c, 400, "body", `the body is not JSON: ${body.error}`);
    const parsed = ProposalBody.safeParse(body.value);
    if (!parsed.success) return refuseAt(c, 400, problemsOf(parsed.error));
    const key = c.req.header("idempotency-key");
    if (key !== undefined && !IDEMPOTENCY_KEY.test(key)) {
      const error = "Idempotency-Key must be 1 to 128 plain characters without spaces";
      return refuse(c, 400, "body", error);
    }
    const { data } = parsed;
    return answer(c, await propose(wishOf(data), c.get("holder"), callOf(key, data)));
  });

  function answer(c: Context, proposed: ProposalAnswer): Response {
    switch (proposed.outcome) {
      case "accepted":
        return c.json(proposed.body, 202);
      case "forbidden":
        return refuse(c, 403, "may_not_propose", proposed.error);
      case "duplicate":
        return refuse(c, 409, "duplicate", proposed.error);
      case "other_body":
        return refuse(c, 422, "idempotency", proposed.error);
      case "too_many":
        c.header("Retry-After", RETRY_AFTER_SECONDS);
        return refuse(c, 429, "too_many", proposed.error);
      case "unfit":
        return refuseAt(c, 422, [proposed.problem]);
      case "denied": {
        const { reasons } = proposed;
        const error = "the policy says no as things are";
        return refuse(c, 422, "denied", error, { verdict: "deny", reasons });
      }
    }
  }

  return app;
}

type Body = z.output<typeof ProposalBody>;

export function wishOf({
  runbook,
  action,
  params,
  target,
  reason,
  incident,
}: Body): ProposedByProgram {
  return {
    ...{ runbook, params, action: action ?? null, target: target ?? null },
    ...{ reason: reason ?? null, incident: incident ?? null },
  };
}

/** What makes a call the same as an earlier one of its holder. */
export function callOf(key: string | undefined, body: Body) {
  return key === undefined ? null : { key, bodyHash: hashOf(body) };
}

/** The same whatever the order of its keys. */
function hashOf(body: Body): string {
  return createHash("sha256")
    .update(canonicalize(body) ?? "")
    .digest("hex");
}
