import { z } from "zod";
import type { Channel } from "../approval/approval.ts";
import type { SpendingBy } from "../diagnosis/spending.ts";
import { cardOf } from "./card.ts";
import { severityIcon } from "./card-state.ts";
import type { CommandContext, CommandDeps, ListedCommand, Reply, Usage } from "./command.ts";
import { AnyWords, Duration, listed, PageNumber } from "./command.ts";
import { onCallText } from "./commands-teamwork.ts";
import type { Page, PendingLine } from "./desk.ts";
import { cardText } from "./plain.ts";
import { dateTime, duration, oneLine, plural } from "./text.ts";
import { asTyped, autohealingText } from "./wording.ts";

const CHECK_ICONS = { ok: "✅", degraded: "🟡", failing: "❌" } as const;

const Words = z
  .object({
    words: z.array(z.string()),
    flags: z.object({ page: PageNumber, since: Duration.nullable().default(null) }),
  })
  .transform(({ words, flags }) => ({ words: words.join(" ").slice(0, 200), ...flags }));
const Id = z
  .object({ words: z.tuple([z.string("an incident id is missing")], z.string()) })
  .transform(({ words }) => words[0]);

/** What a viewer may ask. */
export function readingCommands({
  desk,
  publicUrl,
  timeZone = "UTC",
}: CommandDeps): ListedCommand[] {
  async function status(): Promise<Reply> {
    const { openIncidents, pendingRequests, autohealing, problems } = await desk.status();
    const duties = await desk.onCall();
    return {
      text: [
        `Open incidents: ${openIncidents}`,
        `Waiting for approval: ${pendingRequests}`,
        autohealingText(autohealing, timeZone),
        ...duties.slice(0, 1).map((duty) => onCallText(duty, timeZone)),
        ...problems.map((problem) => `⚠️ ${oneLine(problem, 300)}`),
      ].join("\n"),
    };
  }

  async function health(): Promise<Reply> {
    const { status: overall, checks } = await desk.health();
    const lines = checks.map(
      (check) => `${CHECK_ICONS[check.status]} ${check.name}: ${oneLine(check.detail, 200)}`,
    );
    return { text: [`Health: ${overall}`, ...lines].join("\n") };
  }

  async function alerts(
    { channel }: CommandContext,
    args: { words: string; page: number },
  ): Promise<Reply> {
    const page = await desk.openAlerts({ filter: args.words || null, page: args.page });
    if (page.total === 0) return { text: "No alert is firing." };
    const lines = page.items.map(
      ({ severity, name, instance, startsAt, incidentId }) =>
        `${severityIcon(severity)} ${oneLine(name, 80)} ${oneLine(instance, 80)} since ${dateTime(startsAt, timeZone)} \`${incidentId}\``,
    );
    return paged(
      page,
      plural(page.total, "alert"),
      lines,
      nextOf(page, `/alerts ${args.words}`, channel),
    );
  }

  async function incident({ now, channel }: CommandContext, prefix: string): Promise<Reply> {
    const lookup = await desk.incident(prefix);
    switch (lookup.outcome) {
      case "none":
        return { text: `No incident has an id that begins with ${oneLine(prefix, 40)}.` };
      case "several":
        return {
          text: `Several incidents begin like this: ${lookup.ids
            .slice(0, 10)
            .map((id) => `\`${id}\``)
            .join(" ")}`,
        };
      case "found": {
        const { autohealing } = await desk.status();
        const context = { now, publicUrl, timeZone, autohealing: autohealing.isOn };
        return { text: cardText(cardOf(lookup.view, context), channel) };
      }
    }
  }

  async function history(
    { channel }: CommandContext,
    { words, since, page: wanted }: { words: string; since: number | null; page: number },
  ): Promise<Reply> {
    const page = await desk.history({ words, sinceMs: since, page: wanted });
    if (page.total === 0) return { text: "No incident fits." };
    const lines = page.items.map(
      ({ severity, title, where, state, openedAt, id }) =>
        `${state === "resolved" ? "✅" : severityIcon(severity)} ${oneLine(`${title} ${where}`, 100)} ${state}, ${dateTime(openedAt, timeZone)} \`${id}\``,
    );
    const flag = since === null ? "" : ` --since ${Math.round(since / 1000)}s`;
    return paged(
      page,
      plural(page.total, "incident"),
      lines,
      nextOf(page, `/history ${words}${flag}`, channel),
    );
  }

  async function pending({ now }: CommandContext): Promise<Reply> {
    const waiting = await desk.pending();
    if (waiting.length === 0) return { text: "Nothing waits for approval." };
    const shown = waiting.slice(0, 15).map((line) => pendingText(line, now));
    const left = waiting.length - shown.length;
    return {
      text: [
        `${plural(waiting.length, "request")} waiting:`,
        ...shown,
        ...(left > 0 ? [`… ${left} more in the console: ${publicUrl}`] : []),
      ].join("\n"),
    };
  }

  async function cost(): Promise<Reply> {
    const costs = await desk.costs();
    if (costs === null) return { text: "No model is set (LLM_PROVIDER): nothing is spent." };
    const { today, month, dailyUsd, incidentUsd } = costs;
    const limits = `At most ${dollars(dailyUsd)} a day and ${dollars(incidentUsd)} an incident`;
    return {
      text: [...spent("Today (UTC)", today), ...spent("Last 30 days", month), limits].join("\n"),
    };
  }

  const viewer = { role: "viewer" } as const;
  return [
    listed({
      ...viewer,
      name: "status",
      usage: "/status",
      summary: "incidents, pending, auto-healing",
      args: AnyWords,
      run: status,
    }),
    listed({
      ...viewer,
      name: "health",
      usage: "/health",
      summary: "how each component is",
      args: AnyWords,
      run: health,
    }),
    listed({
      ...viewer,
      name: "alerts",
      usage: "/alerts [filter]",
      summary: "what is firing",
      args: Words,
      run: alerts,
    }),
    listed({
      ...viewer,
      name: "incident",
      usage: "/incident <id>",
      summary: "one incident; a few digits of the id do",
      args: Id,
      run: incident,
    }),
    listed({
      ...viewer,
      name: "history",
      usage: "/history [words] [--since 7d]",
      summary: "past incidents",
      args: Words,
      run: history,
    }),
    listed({
      ...viewer,
      name: "pending",
      usage: "/pending",
      summary: "what waits for approval",
      args: AnyWords,
      run: pending,
    }),
    listed({
      ...viewer,
      name: "cost",
      usage: "/cost",
      summary: "what the model has cost",
      args: AnyWords,
      run: cost,
    }),
  ];
}

function spent(title: string, models: readonly SpendingBy[]): string[] {
  const total = models.reduce((sum, { costUsd }) => sum + costUsd, 0);
  const incidents = models.reduce((sum, one) => sum + one.incidents, 0);
  const each = models.map(
    ({ model, calls, failures, input, output, cacheRead, cacheWrite, costUsd }) => {
      const read = `${input + cacheRead + cacheWrite} tokens read (${cacheRead} from the cache), ${output} written`;
      const failed = failures === 0 ? "" : `, ${failures} failed`;
      return `· ${oneLine(model, 60)}: ${dollars(costUsd)}, ${plural(calls, "call")}${failed}, ${read}`;
    },
  );
  return [`${title}: ${dollars(total)} for ${plural(incidents, "incident")}`, ...each];
}

function dollars(usd: number): string {
  return `$${usd === 0 || usd >= 0.1 ? usd.toFixed(2) : usd.toFixed(4)}`;
}

function paged(
  page: Page<unknown>,
  title: string,
  lines: readonly string[],
  more: readonly string[],
): Reply {
  const where = page.pages > 1 ? `, page ${page.page} of ${page.pages}` : "";
  return { text: [`${title}${where}`, ...lines, ...more].join("\n") };
}

function nextOf({ page, pages }: Page<unknown>, command: Usage, channel: Channel): string[] {
  if (page >= pages) return [];
  const words = oneLine(command.slice(1).replaceAll("`", ""), 200);
  return [`Next: ${asTyped(`/${words} --page ${page + 1}`, channel)}`];
}

function pendingText({ request, incidentTitle }: PendingLine, now: Date): string {
  const { risk, proposal, plan, planCode, expiresAt, votes, quorum } = request;
  const approvals = votes.filter(({ decision }) => decision === "approve").length;
  const left = duration(expiresAt.getTime() - now.getTime());
  const count = quorum > 1 ? `, ${approvals} of ${quorum} approvals` : "";
  return `\`${planCode}\` ${risk.toUpperCase()} ${oneLine(proposal.actionTitle, 80)} on ${oneLine(plan.target.name, 60)} for ${oneLine(incidentTitle, 80)}, ${left} left${count}`;
}
