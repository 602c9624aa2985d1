import { z } from "zod";

const MOST = 100;

/** Strict: what is misspelled must not be left out unnoticed. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MOST).default(25),
  cursor: z.string().max(64).optional().describe("`next` of the page before"),
});

export const IncidentsQuery = PageQuery.extend({
  words: z.string().max(200).default("").describe("all of them, in title, labels or annotations"),
  state: z.enum(["unresolved", "open", "acknowledged", "resolved"]).optional(),
  severity: z.enum(["critical", "warning", "info"]).optional(),
  since: z.iso.datetime({ offset: true }).optional().describe("opened since then"),
  runbook: z.string().max(128).optional().describe("with a request of this runbook"),
  target: z.string().max(256).optional().describe("with a request for this target"),
});

export const RequestsQuery = PageQuery.extend({
  state: z.literal("pending").optional().describe("only what waits for a decision"),
});

export const IdParam = z.strictObject({ id: z.string().max(128) });
