import { z } from "zod";
import type { Channel } from "../approval/approval.ts";
import type { IncidentView } from "./card.ts";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, Duration, listed } from "./command.ts";
import type { Audit, SilenceAnswer } from "./desk.ts";
import { dateTime, oneLine, plural } from "./text.ts";
import { asTyped } from "./wording.ts";

const IncidentId = z
  .object({ words: z.tuple([z.string("an incident id is missing")], z.string()) })
  .transform(({ words }) => words[0]);
const LONGEST_NOTE = 1000;
const Noted = z.string("name an incident and what is to be noted");
const Note = z
  .object({ words: z.tuple([Noted, Noted], z.string()) })
  .transform(({ words: [id, ...words] }) => ({ id, text: words.join(" ").slice(0, LONGEST_NOTE) }));
const LONGEST_SILENCE_MS = 30 * 86_400_000;
const SilenceFor = z
  .object({
    words: z.tuple(
      [z.string(), Duration.refine((ms) => ms <= LONGEST_SILENCE_MS, "30 days at most")],
      "name an incident and for how long: 30m, 2h or 7d",
    ),
  })
  .transform(({ words: [id, forMs] }) => ({ id, forMs }));
const Maintenance = z
  .object({
    words: z.tuple(
      [
        z.string(),
        z.union([z.literal("off").transform(() => 0), Duration], {
          error: "a duration looks like 30m, 2h or 7d; off ends it",
        }),
      ],
      "name a target and for how long: 30m, 2h or 7d; off ends it",
    ),
  })
  .transform(({ words: [target, forMs] }) => ({ target, forMs }));

type Checked = NonNullable<Audit["checked"]>;

/** What an operator does beside deciding. */
export function operatingCommands({ desk, timeZone = "UTC" }: CommandDeps): ListedCommand[] {
  async function ack({ person, channel }: CommandContext, prefix: string): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const found = await oneIncident(prefix, channel);
    if ("text" in found) return found;
    const { id, title, acknowledgedBy } = found.incident;
    const outcome = await desk.acknowledge(id, person);
    if (outcome === "acknowledged") {
      return { text: `👀 ${person.name} looks after ${oneLine(title, 100)} \`${id}\`` };
    }
    return {
      text: acknowledgedBy === null ? "It is resolved." : `${acknowledgedBy} has it already.`,
    };
  }

  async function note(
    { person, channel }: CommandContext,
    { id: prefix, text }: { id: string; text: string },
  ): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const found = await oneIncident(prefix, channel);
    if ("text" in found) return found;
    const { id, title } = found.incident;
    const isNoted = await desk.note(id, person, text);
    const what = `${oneLine(title, 100)} \`${id}\``;
    return { text: isNoted ? `📝 Noted on ${what}` : `${what} was forgotten by now.` };
  }

  async function silence(
    { person, channel }: CommandContext,
    { id: prefix, forMs }: { id: string; forMs: number },
  ): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const found = await oneIncident(prefix, channel);
    if ("text" in found) return found;
    const { id, title } = found.incident;
    const answer = await desk.silence({ incidentId: id, forMs, person });
    const what = `${oneLine(title, 100)} \`${id}\``;
    return { text: silenceText(answer, what, { timeZone, channel }) };
  }

  async function unsilence({ person, channel }: CommandContext, prefix: string): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const found = await oneIncident(prefix, channel);
    if ("text" in found) return found;
    const { id, title } = found.incident;
    const lifted = await desk.unsilence(id, person);
    const what = `${oneLine(title, 100)} \`${id}\``;
    return {
      text:
        lifted === 0
          ? `Countersign holds no silence for ${what}. Others are lifted where they were made, in Alertmanager.`
          : `🔔 The silence of ${what} is lifted.`,
    };
  }

  async function oneIncident(prefix: string, channel: Channel): Promise<IncidentView | Reply> {
    const lookup = await desk.incident(prefix);
    switch (lookup.outcome) {
      case "none":
        return {
          text: `No incident has an id that begins like this. ${asTyped("/alerts", channel)} lists what fires.`,
        };
      case "several":
        return {
          text: `Several begin like this: ${lookup.ids.map((id) => `\`${id}\``).join(", ")}`,
        };
      case "found":
        return lookup.view;
    }
  }

  async function maintenance(
    { person }: CommandContext,
    { target, forMs }: { target: string; forMs: number },
  ): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    const done = await desk.maintain({ target, forMs, person });
    if (done.outcome === "unknown_target") {
      const known = done.known.map((name) => oneLine(name, 60)).join(", ") || "none yet";
      return { text: `The inventory has no ${oneLine(target, 60)}. Its targets: ${known}` };
    }
    return {
      text:
        done.until === null
          ? `🔧 ${oneLine(done.target, 60)} is out of maintenance.`
          : `🔧 Nothing runs on ${oneLine(done.target, 60)} until ${dateTime(done.until, timeZone)}.`,
    };
  }

  async function audit(): Promise<Reply> {
    const { head, lastAnchor, checked, isChecking } = await desk.audit();
    const noted = (anchor: { seq: number; hash: string }) => `\`${anchor.seq}:${anchor.hash}\``;
    const last =
      lastAnchor === null
        ? "none yet"
        : `${noted(lastAnchor)}, ${dateTime(new Date(lastAnchor.at), timeZone)}`;
    return {
      text: [
        ...(checked === null ? [] : [checkedText(checked)]),
        ...(isChecking ? ["It is being verified now; ask again in a moment."] : []),
        `Head: ${noted(head)}`,
        `Last anchor outside the database: ${last}`,
      ].join("\n"),
    };
  }

  function checkedText({ entries, firstBroken, missed: [missed], at }: Checked): string {
    const when = `, verified ${dateTime(at, timeZone)}`;
    if (firstBroken !== null) {
      return `❌ The record is broken at entry ${firstBroken}: it, or what came before it, was changed${when}.`;
    }
    if (missed === undefined) return `✅ The record is whole: ${entries} entries${when}.`;
    return missed.seq > entries
      ? `❌ The record was cut: it ends at entry ${entries}, and the last anchor saw ${missed.seq}${when}.`
      : `❌ The record was written anew: entry ${missed.seq} is not the one the last anchor saw${when}.`;
  }

  return [
    listed({
      name: "audit",
      usage: "/audit",
      summary: "whether the record is whole, and its head",
      role: "operator",
      args: AnyWords,
      run: audit,
    }),
    listed({
      name: "ack",
      usage: "/ack <id>",
      summary: "say that you look after it",
      role: "operator",
      args: IncidentId,
      run: ack,
    }),
    listed({
      name: "note",
      usage: "/note <id> <text>",
      summary: "write into an incident's timeline",
      role: "operator",
      args: Note,
      run: note,
    }),
    listed({
      name: "silence",
      usage: "/silence <id> <duration>",
      summary: "Alertmanager keeps quiet about an incident's alerts",
      role: "operator",
      args: SilenceFor,
      run: silence,
    }),
    listed({
      name: "unsilence",
      usage: "/unsilence <id>",
      summary: "end that before its time",
      role: "operator",
      args: IncidentId,
      run: unsilence,
    }),
    listed({
      name: "maintenance",
      usage: "/maintenance <target> <duration|off>",
      summary: "no action on that target",
      role: "operator",
      args: Maintenance,
      run: maintenance,
    }),
  ];
}

function silenceText(
  answer: SilenceAnswer,
  what: string,
  { timeZone, channel }: { timeZone: string; channel: Channel },
): string {
  switch (answer.outcome) {
    case "silenced": {
      const { until, alerts } = answer;
      return `🔇 Alertmanager keeps quiet about ${plural(alerts, "alert")} of ${what} until ${dateTime(until, timeZone)}. Countersign looks by itself whether they are over; ${asTyped("/unsilence", channel)} ends it.`;
    }
    case "not_configured":
      return "ALERTMANAGER_URL is not set, so there is nothing to silence with.";
    case "nothing_fires":
      return `No alert of ${what} fires.`;
    case "of_another_source":
      return `What fires of ${what} did not come from Alertmanager: silence it where it comes from.`;
    case "too_many":
      return `More than ${answer.most} alerts of ${what} fire: silence them in Alertmanager itself, with one matcher for all.`;
    case "failed":
      return `❌ Alertmanager did not take it: ${oneLine(answer.why, 300)}`;
  }
}
