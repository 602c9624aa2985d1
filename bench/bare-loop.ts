/**
 * The yardstick of intake: the same stack with nothing in it but what durability needs. It parses, validates, joins the
 * waiting group, inserts one row and answers after the commit; no incident, no deduplication, no record, no queue.
 */
import { serve } from "@hono/node-server";
import Database from "better-sqlite3";
import { Hono } from "hono";
import { z } from "zod";

const [port, path] = process.argv.slice(2);

const LabelSet = z.record(z.string(), z.string());
const Body = z.looseObject({
  version: z.literal("4"),
  groupKey: z.string(),
  status: z.enum(["firing", "resolved"]),
  alerts: z.array(
    z.looseObject({
      status: z.enum(["firing", "resolved"]),
      labels: LabelSet,
      annotations: LabelSet,
      startsAt: z.iso.datetime({ offset: true }),
      endsAt: z.iso.datetime({ offset: true }),
      fingerprint: z.string(),
    }),
  ),
});
type Body = z.infer<typeof Body>;

const sqlite = new Database(path);
sqlite.pragma("journal_mode = WAL");
sqlite.pragma("synchronous = FULL");
sqlite.exec(
  `CREATE TABLE IF NOT EXISTS alerts (
     id INTEGER PRIMARY KEY, fingerprint TEXT, starts_at INTEGER, status TEXT, labels TEXT, annotations TEXT)`,
);
const insert = sqlite.prepare(
  "INSERT INTO alerts (fingerprint, starts_at, status, labels, annotations) VALUES (?, ?, ?, ?, ?)",
);
const commit = sqlite.transaction((bodies: readonly Body[]) => {
  for (const { alerts } of bodies) {
    for (const { fingerprint, startsAt, status, labels, annotations } of alerts) {
      insert.run(
        fingerprint,
        Date.parse(startsAt),
        status,
        JSON.stringify(labels),
        JSON.stringify(annotations),
      );
    }
  }
});

let waiting: { body: Body; resolve: () => void }[] = [];

function store(body: Body): Promise<void> {
  return new Promise((resolve) => {
    waiting.push({ body, resolve });
    if (waiting.length === 1) setImmediate(run);
  });
}

function run(): void {
  const batch = waiting;
  waiting = [];
  commit.immediate(batch.map(({ body }) => body));
  for (const { resolve } of batch) resolve();
}

const app = new Hono()
  .get("/health", (c) => c.text("ok"))
  .post("/webhook", async (c) => {
    const body = Body.safeParse(await c.req.json());
    if (!body.success) return c.json({ status: "refused" }, 400);
    await store(body.data);
    return c.json({ status: "accepted", received: body.data.alerts.length });
  });

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(port) });
