import { loadConfig } from "../config.ts";
import { parseDuration } from "../remediation/duration.ts";
import { postIncident } from "../report/post-incident.ts";
import { shownView } from "../shown-view.ts";
import type { CliCommand } from "./command.ts";
import { UsageError } from "./command.ts";
import { openBeside } from "./open.ts";
import { print } from "./output.ts";

export const history: CliCommand = {
  name: "history",
  usage: "history [words…] [--since 7d] [--limit 50] [--json] | history --report <incident>",
  summary: "Lists incidents with what was proposed, decided, run and verified",
  options: {
    since: { type: "string" },
    limit: { type: "string", default: "50" },
    json: { type: "boolean" },
    report: { type: "string" },
  },
  maxWords: 50,
  async run({ words, options }) {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1) throw new UsageError("--limit takes a whole number");
    const sinceMs = typeof options.since === "string" ? parseDuration(options.since) : undefined;
    if (sinceMs === null) throw new UsageError("--since takes a duration such as 12h or 7d");
    const config = loadConfig();
    const store = openBeside(config);
    try {
      if (typeof options.report === "string") {
        const [id, other] = await store.views.idsLike(options.report);
        const view =
          id === undefined || other !== undefined ? null : await store.views.incident(id);
        if (view === null) throw new UsageError(`--report takes the id of one incident`);
        const timeline = await store.views.timeline(view.incident.id);
        const markdown = postIncident(shownView(view), timeline, config.publicUrl);
        print({ markdown }, options.json === true, () => markdown);
        return true;
      }
      const { items, total } = await store.views.find({
        words: words.join(" "),
        ...(sinceMs === undefined ? {} : { since: new Date(Date.now() - sinceMs) }),
        limit,
      });
      const incidents = await Promise.all(
        items.map(async ({ id }) => ({
          ...(await store.views.incident(id)),
          timeline: await store.views.timeline(id),
        })),
      );
      print({ total, incidents }, options.json === true, () =>
        [
          ...items.map((item) => {
            const { request } = item;
            const action = request === null ? "" : `  ${request.actionTitle}: ${request.state}`;
            const opened = item.openedAt.toISOString().slice(0, 19).replace("T", " ");
            return `${item.id}  ${opened}  ${item.state.padEnd(12)}  ${item.title} ${item.where}${action}`;
          }),
          `${items.length} of ${total} incidents`,
        ].join("\n"),
      );
      return true;
    } finally {
      store.close();
    }
  },
};
