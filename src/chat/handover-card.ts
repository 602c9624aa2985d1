import type { Handover } from "../incident/handover.ts";
import type { Card, CardContext, Section } from "./card.ts";
import { severityIcon } from "./card-state.ts";
import { dateTime, duration, oneLine } from "./text.ts";

const SHOWN = 10;

const OUTCOMES: Readonly<Record<Handover["ran"][number]["outcome"], string>> = {
  verified: "✅ helped",
  still_failing: "❌ did not help",
  inconclusive: "❓ whether it helped is not certain",
  failed: "❌ failed",
  unknown: "❓ cut short, nobody can say whether it took effect",
  under_way: "⏳ under way",
};

/** What one shift tells the next, as a card: it decides nothing and so has no buttons. */
export function handoverCardOf(
  handover: Handover,
  { publicUrl, timeZone = "UTC" }: Pick<CardContext, "publicUrl" | "timeZone">,
): Card {
  const { from, to, openCount, open, waiting, ran, silenced, maintenance, notes } = handover;
  const when = (at: Date) => dateTime(at, timeZone);
  const sections: Section[] = [
    {
      kind: "state",
      heading: null,
      lines: [...whoText(handover, timeZone), `${when(from)} to ${when(to)}`].map((text) => ({
        kind: "text",
        text,
      })),
    },
    list(
      "Open",
      open.map(
        ({ severity, title, acknowledgedBy, openedAt, id }) =>
          `${severityIcon(severity)} ${oneLine(title, 80)}, ${acknowledgedBy === null ? "nobody has it" : `${oneLine(acknowledgedBy, 60)} has it`}, for ${duration(to.getTime() - openedAt.getTime())} ${id}`,
      ),
      "Nothing is open.",
    ),
    list(
      "Waits for approval",
      waiting.map(
        ({ planCode, risk, title, target, expiresAt }) =>
          `${planCode} ${risk.toUpperCase()} ${oneLine(title, 80)} on ${oneLine(target, 60)}, ${duration(expiresAt.getTime() - to.getTime())} left`,
      ),
    ),
    list(
      "Ran in this shift",
      ran.map(
        ({ title, target, isUnasked, outcome }) =>
          `${oneLine(title, 80)} on ${oneLine(target, 60)}, ${isUnasked ? "unasked" : "approved"}: ${OUTCOMES[outcome]}`,
      ),
      "Nothing ran.",
    ),
    list("Quiet", [
      ...silenced.map(({ title, until }) => `🔇 ${oneLine(title, 80)} until ${when(until)}`),
      ...maintenance.map(({ what, until }) => `🔧 ${oneLine(what, 80)} until ${when(until)}`),
    ]),
    list(
      "Notes",
      notes.map(
        ({ person, title, text, incidentId }) =>
          `📝 ${oneLine(person, 60)} on ${oneLine(title, 60)}: ${oneLine(text, 200)} ${incidentId}`,
      ),
    ),
    { kind: "links", heading: null, lines: [{ kind: "link", label: "Console", url: publicUrl }] },
  ];
  return {
    incidentId: `handover_${to.getTime()}`,
    version: 1,
    state: "resolved",
    headline: `🤝 Handover: ${openCount} open, ${waiting.length} to approve`,
    sections: sections.filter(({ lines }) => lines.length > 0),
    buttons: [],
  };
}

function whoText({ off, on, to }: Handover, timeZone: string): string[] {
  if (off === null || on === null) return [];
  const [now, next] = [oneLine(off, 60), oneLine(on.person, 60)];
  if (on.from > to)
    return [`☎️ ${now} is on call until ${dateTime(on.from, timeZone)}, then ${next}`];
  const until = `on call until ${dateTime(on.to, timeZone)}`;
  return [
    off === on.person ? `☎️ ${now} stays ${until}` : `☎️ ${now} goes off call, ${next} is ${until}`,
  ];
}

function list(heading: string, items: readonly string[], none?: string): Section {
  const shown = items.length === 0 && none !== undefined ? [none] : items.slice(0, SHOWN);
  const more = items.length > SHOWN ? ["… more in the console"] : [];
  const lines = [...shown, ...more].map((text) => ({ kind: "item" as const, text }));
  return { kind: "evidence", heading, lines };
}
