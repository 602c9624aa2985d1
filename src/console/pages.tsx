import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import type { Period } from "../incident/report.ts";
import { AutonomyPage } from "./autonomy-page.tsx";
import type { Ceremonies } from "./ceremonies.ts";
import { CommandPage } from "./command-page.tsx";
import { ComponentsPage } from "./components-page.tsx";
import type { Env } from "./guard.ts";
import { isAtHome } from "./guard.ts";
import { HistoryPage } from "./history-page.tsx";
import { InboxPage } from "./inbox-page.tsx";
import { IncidentPage } from "./incident-page.tsx";
import { PatternsPage } from "./patterns-page.tsx";
import type { ConsoleDeps, HistoryQuery } from "./ports.ts";
import { MOST_COUNTED } from "./ports.ts";
import type { Reception } from "./reception.tsx";
import { RecordPage } from "./record-page.tsx";
import { ReportPage } from "./report-page.tsx";
import { PolicyPage, TargetsPage } from "./rules-pages.tsx";
import { RunbookPage, RunbooksPage } from "./runbook-pages.tsx";
import { browserOf, SessionsPage } from "./sessions-page.tsx";
import { SettingsPage, TestAlertPage } from "./settings-page.tsx";
import { PlainPage } from "./sign-in-page.tsx";
import { StatisticsPage } from "./statistics-page.tsx";
import { WhatIfPage } from "./what-if-page.tsx";
import { incidentPath } from "./words.ts";

const PAGE_SIZE = 25;
const SVG = "image/svg+xml; charset=utf-8";

const Name = z.string().trim().min(1).max(200).nullable().catch(null);

const EntryNumber = z.coerce.number().int().min(1).nullable().catch(null);

const WhatIfSearch = z.object({
  days: z.coerce
    .number()
    .pipe(z.literal([1, 7, 30]))
    .catch(7),
  autohealing: z.enum(["was", "on"]).catch("was"),
});

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
export function createPages(
  deps: ConsoleDeps & { reception: Reception; ceremonies: Ceremonies },
): Hono<Env> {
  const { desk, reads, reception, ceremonies, publicUrl } = deps;
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

  app.get("/incidents/:id/report.md", async (c) => {
    const id = c.req.param("id");
    const view = isId(id) ? await desk.incident(id) : null;
    if (view === null) return c.text("There is no such incident.", 404);
    const timeline = await desk.timeline(view.incident.id);
    return c.body(reads.postIncident(view, timeline), 200, {
      "content-type": "text/markdown; charset=utf-8",
      "content-disposition": `attachment; filename="${view.incident.id}.md"`,
    });
  });

  app.get("/incidents/:id/graphs/:evidence/:n", async (c) => {
    const { id, evidence, n } = c.req.param();
    const theme = c.req.query("theme") === "dark" ? "dark" : "light";
    const view = isId(id) && isId(evidence) ? await desk.incident(id) : null;
    const wanted = { evidenceId: evidence, n: Number(n), theme } as const;
    const svg = view === null ? null : await deps.graphs.svg(view, wanted);
    if (svg === null) return c.text("There is no such graph.", 404);
    return c.body(svg, 200, { "content-type": SVG });
  });

  app.get("/history", async (c) => {
    const query: HistoryQuery = { ...HistorySearch.parse(c.req.query()), pageSize: PAGE_SIZE };
    const [frame, found] = await Promise.all([frameOf(c), desk.history(query)]);
    return reception.send(c, <HistoryPage {...{ frame, query, found }} />);
  });

  app.get("/runbooks", async (c) => {
    const [frame, runbooks] = await Promise.all([frameOf(c), reads.runbooks()]);
    return reception.send(c, <RunbooksPage {...{ frame, runbooks }} />);
  });

  app.get("/runbooks/:id", async (c) => {
    const id = c.req.param("id");
    const [frame, runbook] = await Promise.all([frameOf(c), isId(id) ? reads.runbook(id) : null]);
    if (runbook !== null) return reception.send(c, <RunbookPage {...{ frame, runbook }} />);
    const page = { ...frame, title: "No such runbook" };
    const text = "The runbook folder has none of this name, or it can't be read.";
    return reception.send(c, <PlainPage frame={page} text={text} />, 404);
  });

  app.get("/targets", async (c) => {
    const [frame, targets] = await Promise.all([frameOf(c), reads.targets()]);
    return reception.send(c, <TargetsPage {...{ frame, targets }} />);
  });

  app.get("/policy", async (c) => {
    const [frame, policy] = await Promise.all([frameOf(c), reads.policy()]);
    return reception.send(c, <PolicyPage {...{ frame, policy }} />);
  });

  app.get("/patterns", async (c) => {
    const [frame, found] = await Promise.all([frameOf(c), reads.patterns()]);
    return reception.send(c, <PatternsPage {...{ frame, found }} />);
  });

  app.get("/autonomy", async (c) => {
    const [frame, autonomy] = await Promise.all([frameOf(c), desk.autonomy()]);
    return reception.send(c, <AutonomyPage {...{ frame, autonomy }} />);
  });

  app.get("/statistics", async (c) => {
    const [frame, found] = await Promise.all([frameOf(c), reads.statistics()]);
    return reception.send(c, <StatisticsPage {...{ frame, found }} />);
  });

  app.get("/reports/:period{day|week|month}", async (c) => {
    const period = c.req.param("period") as Period;
    const [frame, found] = await Promise.all([frameOf(c), reads.report(period)]);
    return reception.send(c, <ReportPage {...{ frame, period, found }} />);
  });

  app.get("/reports/:period{day|week|month}/graph", async (c) => {
    const theme = c.req.query("theme") === "dark" ? "dark" : "light";
    const svg = await reads.reportGraph(c.req.param("period") as Period, theme);
    return c.body(svg, 200, { "content-type": SVG });
  });

  app.get("/what-if", async (c) => {
    const wish = WhatIfSearch.parse(c.req.query());
    const [frame, found] = await Promise.all([frameOf(c), reads.whatIf(wish)]);
    return reception.send(c, <WhatIfPage {...{ frame, wish, found }} />);
  });

  app.get("/record", async (c) => {
    const before = EntryNumber.parse(c.req.query("before"));
    const [frame, record] = await Promise.all([frameOf(c), reads.record(before)]);
    return reception.send(c, <RecordPage {...{ frame, record }} />);
  });

  app.get("/settings", async (c) =>
    reception.send(c, <SettingsPage frame={await frameOf(c)} settings={reads.settings()} />),
  );

  app.get("/test-alert", async (c) =>
    reception.send(c, <TestAlertPage frame={await frameOf(c)} />),
  );

  app.get("/sessions", async (c) => {
    const { person, secret } = c.get("visit");
    const [frame, sessions, current, passkeys] = await Promise.all([
      frameOf(c),
      deps.sessions.list(person),
      deps.sessions.idOf(secret),
      deps.passkeys.list(person.name),
    ]);
    const about = {
      ...{ passkeys, publicUrl, site: ceremonies.site },
      isAtHome: isAtHome(c, publicUrl),
      suggestion: browserOf(c.req.header("user-agent") ?? null),
    };
    return reception.send(
      c,
      <SessionsPage {...{ frame: { ...frame, usesPasskeys: true }, sessions, current, about }} />,
    );
  });

  app.get("/components", async (c) =>
    reception.send(c, <ComponentsPage frame={await frameOf(c)} />),
  );

  app.get("/command", async (c) => reception.send(c, <CommandPage frame={await frameOf(c)} />));

  async function frameOf(c: Context<Env>) {
    const visit = c.get("visit");
    const [owed, status] = await Promise.all([
      ceremonies.owed(visit, isAtHome(c, publicUrl)),
      desk.status(),
    ]);
    const session = { ...visit, owed };
    return { ...reception.frame(c), session, status, usesPasskeys: owed === "passkey" };
  }

  return app;
}

/** The shape of our own ids; anything else never reaches the store. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,80}$/.test(text);
}
