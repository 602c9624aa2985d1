import { z } from "zod";
import type { Report } from "../incident/report.ts";
import { PERIOD_MS, PERIODS } from "../incident/report.ts";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, Duration, listed } from "./command.ts";
import { cardText } from "./plain.ts";
import { reportCardOf } from "./report-card.ts";

const LONGEST_MS = 366 * 86_400_000;
const WEEK_MS = PERIOD_MS.week;

const Stretch = z
  .object({
    words: z.union([
      z.tuple([]),
      z.tuple([Duration.refine((ms) => ms <= LONGEST_MS, "a year at most")]),
    ]),
  })
  .transform(({ words: [ms = WEEK_MS] }) => ms);
const Named = z
  .object({
    words: z.union([z.tuple([]), z.tuple([z.enum(PERIODS)])], "name day, week or month"),
  })
  .transform(({ words: [period = "week"] }) => PERIOD_MS[period]);

/** What the history amounts to, and whether it comes by itself. */
export function reportCommands({
  desk,
  publicUrl,
  drawReport,
  timeZone = "UTC",
}: CommandDeps): ListedCommand[] {
  async function stats(context: CommandContext, lengthMs: number): Promise<Reply> {
    return numbersOf(await desk.report(lengthMs), context);
  }

  async function report(context: CommandContext, lengthMs: number): Promise<Reply> {
    const found = await desk.report(lengthMs);
    const picture = drawReport === undefined ? {} : { picture: () => drawReport(found) };
    return { ...numbersOf(found, context), ...picture };
  }

  function numbersOf(found: Report, { channel }: CommandContext): Reply {
    return { text: cardText(reportCardOf(found, { publicUrl, timeZone }), channel) };
  }

  async function setReports({ person }: CommandContext, isOn: boolean): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const { times } = await desk.setReports({ isOn, person });
    if (!isOn) return { text: "📊 Reports are off: none comes by itself." };
    const set = PERIODS.flatMap((period) => {
      const cron = times?.[period] ?? null;
      return cron === null ? [] : [`${period} at \`${cron}\``];
    });
    const hours =
      times === null
        ? "policy.yaml can't be read: until it is mended, none comes"
        : set.length === 0
          ? "but `reports` in policy.yaml sets none"
          : `${set.join(", ")} (cron, the machine's time; \`reports\` in policy.yaml)`;
    return { text: `📊 Reports are on, ${hours}.` };
  }

  return [
    listed({
      name: "stats",
      usage: "/stats [7d]",
      summary: "numbers of a stretch of time, against the one before",
      role: "viewer",
      args: Stretch,
      run: stats,
    }),
    listed({
      name: "report",
      usage: "/report [day|week|month]",
      summary: "the report of that time",
      role: "viewer",
      args: Named,
      run: report,
    }),
    listed({
      name: "enable_reports",
      usage: "/enable_reports",
      summary: "reports come by themselves",
      role: "operator",
      args: AnyWords,
      run: (context) => setReports(context, true),
    }),
    listed({
      name: "disable_reports",
      usage: "/disable_reports",
      summary: "and no more",
      role: "operator",
      args: AnyWords,
      run: (context) => setReports(context, false),
    }),
  ];
}
