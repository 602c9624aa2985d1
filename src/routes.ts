import { Hono } from "hono";
import type { Logger } from "pino";
import { createAgentDesk } from "./agents.ts";
import { createApiDesk } from "./api-desk.ts";
import type { Standing } from "./badge.ts";
import { badge } from "./badge.ts";
import type { Chat } from "./chats.ts";
import type { Config } from "./config.ts";
import type { Console } from "./console/console.tsx";
import type { Reads } from "./console/reads.ts";
import type { Health } from "./health.ts";
import { createA2a } from "./ingest/a2a.ts";
import { agentTools } from "./ingest/agent-tools.ts";
import { createApi } from "./ingest/api.ts";
import { onlyKnownHosts } from "./ingest/caller.ts";
import type { EnrichOptions } from "./ingest/enrich.ts";
import { createEnrich } from "./ingest/enrich.ts";
import { createMcp } from "./ingest/mcp.ts";
import type { IngestOptions } from "./ingest/webhook.ts";
import { createIngest } from "./ingest/webhook.ts";
import type { Metrics } from "./metrics.ts";
import { createProposalDesk } from "./proposals.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import type { Asked, Wish } from "./responder/ask.ts";
import type { Store } from "./store/store.ts";
import { VERSION } from "./version.ts";

interface Deps {
  readonly config: Config;
  /** As channels show it: without secrets. */
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly chats: readonly Chat[];
  readonly health: Health;
  readonly metrics: Metrics;
  readonly reads: Reads;
  readonly accept: IngestOptions["accept"];
  readonly onAccepted: NonNullable<IngestOptions["onAccepted"]>;
  readonly ask: (wish: Wish) => Promise<Asked>;
  readonly enrich: EnrichOptions["enrich"];
  readonly console: Console;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Everything the program answers over HTTP, under one roof. */
export function createRoutes(deps: Deps): Hono {
  const { config, store, catalogue, chats, metrics, now } = deps;
  const alertRequests = {
    keys: config.webhookKeys,
    now,
    onRefused: refused("webhook", "a webhook"),
  };
  const proposals = createProposalDesk({ store, catalogue, ask: deps.ask });
  const agents = {
    tools: agentTools(createAgentDesk({ views: store.views, proposals }), (tool, error) =>
      deps.log.error({ tool, err: error }, "an agent's call failed"),
    ),
    holders: proposals.holders,
    ...{ publicUrl: config.publicUrl, version: VERSION },
    onRefused: refused("agent", "an agent"),
  };
  const api = {
    desk: createApiDesk({ store, reads: deps.reads, proposals, standing }),
    isSignedIn: deps.console.isSignedIn,
    ...{ publicUrl: config.publicUrl, version: VERSION },
    onRefused: refused("api", "a call of the API"),
    onFailure: (path: string, error: unknown) =>
      deps.log.error({ path, err: error }, "a call of the API failed"),
  };
  const webhook = {
    ...alertRequests,
    paths: [config.webhookPath, "/webhook"],
    grafanaSecret: config.grafanaSecret,
    accept: deps.accept,
    onAccepted: deps.onAccepted,
  };

  const app = new Hono()
    .use(onlyKnownHosts([config.host, new URL(config.publicUrl).hostname]))
    .route("/", createIngest(webhook))
    .route("/", createEnrich({ ...alertRequests, enrich: deps.enrich }))
    .route("/", createApi(api))
    .route("/", createMcp(agents))
    .route("/", createA2a(agents))
    .route("/", createVitals(deps, standing));
  for (const { path, handle } of chats.flatMap(({ route }) => route ?? [])) {
    app.post(path, (c) => handle(c.req.raw));
  }
  // Last, because it answers everything that is left.
  return app.route("/", deps.console.app);

  async function standing(): Promise<Standing> {
    const { open, pending } = await store.views.counts();
    const { isOn } = await store.switches.autohealing();
    const { status } = await deps.health.read();
    return { status, autohealing: isOn, openIncidents: open, waitingRequests: pending };
  }

  function refused(kind: string, what: string) {
    return (reason: string, detail: string) => {
      metrics.refused(`${kind}_${reason}`);
      deps.log.warn({ reason, detail }, `${what} was refused`);
    };
  }
}

/** How it is, for monitors and start pages. */
function createVitals({ store, health, metrics }: Deps, standing: () => Promise<Standing>): Hono {
  const startedAt = performance.now();

  return new Hono()
    .get("/health", async (c) => {
      const { status, checks } = await health.read();
      const { isOn } = await store.switches.autohealing();
      const uptimeSeconds = Math.round((performance.now() - startedAt) / 1000);
      const body = { status, version: VERSION, uptimeSeconds, autohealing: isOn, checks };
      return c.json(body, status === "failing" ? 503 : 200);
    })
    .get("/badge.svg", async (c) =>
      c.body(badge(await standing()), 200, {
        "content-type": "image/svg+xml",
        "cache-control": "no-cache",
        "content-security-policy": "default-src 'none'",
      }),
    )
    .get("/metrics", async (c) =>
      c.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
    );
}
