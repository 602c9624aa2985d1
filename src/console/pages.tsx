import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { CommandPage } from "./command-page.tsx";
import type { Env } from "./guard.ts";
import { HistoryPage } from "./history-page.tsx";
import { InboxPage } from "./inbox-page.tsx";
import { IncidentPage } from "./incident-page.tsx";
import type { ConsoleDeps, HistoryQuery } from "./ports.ts";
import { MOST_COUNTED } from "./ports.ts";
import type { Reception } from "./reception.tsx";
import { PlainPage } from "./sign-in-page.tsx";
import { incidentPath } from "./words.ts";

const PAGE_SIZE = 25;

const Name = z.string().trim().min(1).max(200).nullable().catch(null);

const HistorySearch = z.object({
  words: z.string().trim().max(200).catch(""),
  state: z.enum(["open", "acknowledged", "resolved"]).nullable().catch(null),
  severity: z.enum(["critical", "warning", "info"]).nullable().catch(null),
  within: z.enum(["day", "week", "month", "quarter"]).nullable().catch(null),
  runbook: Name,
  target: Name,
  page: z.coerce.number().int().min(1).max(MOST_COUNTED).catch(1),
});

/** Everything that is read. Nothing here changes anything, whoever asks and however often. */
export function createPages(deps: ConsoleDeps & { reception: Reception }): Hono<Env> {
  const { desk, reception } = deps;
  const app = new Hono<Env>();

  app.get("/", async (c) => {
    const [frame, inbox] = await Promise.all([frameOf(c), desk.inbox(c.get("visit").person)]);
    return reception.send(c, <InboxPage frame={frame} inbox={inbox} publicUrl={deps.publicUrl} />);
  });

  app.get("/incidents/:id", async (c) => {
    const id = c.req.param("id");
    const view = isId(id) ? await desk.incident(id) : null;
    const frame = await frameOf(c);
    if (view === null) {
      const text = "There is no such incident, or the beginning of its id fits several.";
      const page = { ...frame, title: "No such incident" };
      return reception.send(c, <PlainPage frame={page} text={text} />, 404);
    }
    if (view.incident.id !== id) return c.redirect(incidentPath(view.incident.id), 302);
    const timeline = await desk.timeline(view.incident.id);
    const graphs = deps.graphs.list(view);
    const showsAllAlerts = c.req.query("alerts") === "all";
    return reception.send(
      c,
      <IncidentPage
        {...{ frame, view, timeline, graphs, showsAllAlerts, publicUrl: deps.publicUrl }}
      />,
    );
  });

  app.get("/incidents/:id/graphs/:evidence/:n", async (c) => {
    const { id, evidence, n } = c.req.param();
    const theme = c.req.query("theme") === "dark" ? "dark" : "light";
    const view = isId(id) && isId(evidence) ? await desk.incident(id) : null;
    const wanted = { evidenceId: evidence, n: Number(n), theme } as const;
    const svg = view === null ? null : await deps.graphs.svg(view, wanted);
    if (svg === null) return c.text("There is no such graph.", 404);
    return c.body(svg, 200, { "content-type": "image/svg+xml; charset=utf-8" });
  });

  app.get("/history", async (c) => {
    const query: HistoryQuery = { ...HistorySearch.parse(c.req.query()), pageSize: PAGE_SIZE };
    const [frame, found] = await Promise.all([frameOf(c), desk.history(query)]);
    return reception.send(c, <HistoryPage {...{ frame, query, found }} />);
  });

  app.get("/command", async (c) => reception.send(c, <CommandPage frame={await frameOf(c)} />));

  async function frameOf(c: Context<Env>) {
    return { ...reception.frame(c), session: c.get("visit"), status: await desk.status() };
  }

  return app;
}

/** The shape of our own ids; anything else never reaches the store. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,80}$/.test(text);
}
