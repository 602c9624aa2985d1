import type { Logger } from "pino";
import type { Card } from "./chat/card.ts";
import type { Picture } from "./chat/channel.ts";
import { ChatRejected } from "./chat/channel.ts";
import { handoverCardOf } from "./chat/handover-card.ts";
import { reportCardOf } from "./chat/report-card.ts";
import type { Chat } from "./chats.ts";
import { describe } from "./evidence/describe.ts";
import type { Drawing } from "./evidence/drawing.ts";
import { dueHandover, handoverAt } from "./handovers.ts";
import type { Patterns } from "./incident/pattern.ts";
import type { Report } from "./incident/report.ts";
import { PERIOD_MS } from "./incident/report.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import type { Policy } from "./remediation/policy.ts";
import { graphOfReport } from "./report/report-graph.ts";
import { sayPatterns } from "./report/say-patterns.ts";
import type { Due } from "./report/schedule.ts";
import { dueReports } from "./report/schedule.ts";
import type { Store } from "./store/store.ts";
import { createTurns } from "./turns.ts";

const LOOK_EVERY_MS = 20_000;

interface Deps {
  readonly catalogue: Pick<Catalogue, "read">;
  readonly store: Pick<Store, "switches" | "statistics" | "sentReports" | "shifts" | "views">;
  /** What the last month shows beside its numbers. */
  readonly patterns: () => Promise<Patterns>;
  readonly chats: readonly Pick<Chat, "channel" | "chat" | "cards">[];
  readonly drawing: Pick<Drawing, "png">;
  readonly publicUrl: string;
  readonly now: () => Date;
  readonly log: Pick<Logger, "warn" | "error">;
}

interface Message {
  readonly card: Card;
  /** Draws what goes under it. */
  readonly picture: (() => Promise<Picture>) | null;
}

/** Sends the reports of policy.yaml to every chat at their hours, each once. */
export function createReports(deps: Deps) {
  const { catalogue, store, chats, drawing, publicUrl, now, log } = deps;
  async function look(): Promise<void> {
    const { isOn, since } = await store.switches.reports();
    const { policy } = catalogue.read();
    if (!isOn || policy === null) return;
    for (const due of dueReports(policy.reports, since, now())) {
      await sendTo(due.name, () => reportOf(due));
    }
    const handover = dueHandover(policy, since, now());
    if (handover !== null) {
      await sendTo(handover.name, () => handoverOf(policy, handover.at));
    }
  }

  async function reportOf({ period, at }: Due): Promise<Message> {
    const report = await store.statistics.report(at, PERIOD_MS[period]);
    const card = reportCardOf(report, { publicUrl }, period === "day" ? [] : await worthALook());
    return { card, picture: () => pictureOfReport(report, drawing) };
  }

  async function handoverOf(policy: Policy, at: Date): Promise<Message> {
    const handover = await handoverAt(deps, policy, at);
    return { card: handoverCardOf(handover, { publicUrl }), picture: null };
  }

  /** It stays due for hours: what nobody waits for any more is not counted again. */
  async function sendTo(name: string, make: () => Promise<Message>): Promise<void> {
    const begun = await store.sentReports.begun(name);
    const waiting = chats.filter(
      ({ channel, chat, cards }) =>
        !begun.some((one) => one.channel === channel && one.chat === chat) &&
        cards.pace.waitMs("send", "machine") === 0,
    );
    if (waiting.length === 0) return;
    const message = await make();
    for (const chat of waiting) await send(name, message, chat);
  }

  async function send(
    name: string,
    { card, picture }: Message,
    { channel, chat, cards }: Deps["chats"][number],
  ): Promise<void> {
    const place = { name, channel, chat };
    if (!(await store.sentReports.begin(place))) return;
    try {
      cards.pace.spend("send");
      const messageId = await cards.post(card, {});
      cards.pace.done("send");
      if (picture !== null) await illustrate(picture, messageId, cards);
    } catch (error) {
      const isPaused = error instanceof ChatRejected && error.kind === "paused";
      if (isPaused) {
        cards.pace.pause(error.retryAfterMs);
        await store.sentReports.unsent(place);
      }
      log.warn({ channel, report: name, err: error }, "a report was not sent");
    }
  }

  /** What is a month's is no day's news. */
  async function worthALook(): Promise<string[]> {
    try {
      const { sections } = sayPatterns(await deps.patterns());
      const said = sections.flatMap(({ items }) => items.slice(0, 1));
      return said.map(({ text, advice }) => [text, advice].filter(Boolean).join(" "));
    } catch (error) {
      log.warn({ err: error }, "a report has no patterns");
      return [];
    }
  }

  /** The picture is an aid: without it the report stands all the same. */
  async function illustrate(
    picture: () => Promise<Picture>,
    messageId: string,
    cards: Chat["cards"],
  ) {
    await picture()
      .then((made) => cards.picture(messageId, made))
      .catch((error: unknown) => log.warn({ err: error }, "a report has no picture"));
  }

  const { go, start, stop } = createTurns({
    everyMs: LOOK_EVERY_MS,
    turn: look,
    onFailure: (err) => log.error({ err }, "reports can't be made now"),
  });
  /** `check` looks now; it ends when what was due is sent. */
  return { check: go, start, stop };
}

export async function pictureOfReport(
  report: Report,
  drawing: Pick<Drawing, "png">,
): Promise<Picture> {
  const graph = graphOfReport(report);
  const { title } = graph;
  return { title, alt: describe(graph), png: await drawing.png(graph, "light") };
}
