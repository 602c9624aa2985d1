import { z } from "zod";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, Duration, listed } from "./command.ts";
import type { Audit } from "./desk.ts";
import { dateTime, oneLine } from "./text.ts";
import { asTyped } from "./wording.ts";

const IncidentId = z
  .object({ words: z.tuple([z.string("an incident id is missing")], z.string()) })
  .transform(({ words }) => words[0]);
const Maintenance = z
  .object({
    words: z.tuple([
      z.string("a target is missing"),
      z.union([z.literal("off").transform(() => 0), Duration], {
        error: "a duration looks like 30m, 2h or 7d; off ends it",
      }),
    ]),
  })
  .transform(({ words: [target, forMs] }) => ({ target, forMs }));

type Checked = NonNullable<Audit["checked"]>;

/** What an operator does beside deciding. */
export function operatingCommands({ desk, timeZone = "UTC" }: CommandDeps): ListedCommand[] {
  async function ack({ person, channel }: CommandContext, prefix: string): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
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
      case "found": {
        const { id, title, acknowledgedBy } = lookup.view.incident;
        const outcome = await desk.acknowledge(id, person);
        if (outcome === "acknowledged") {
          return { text: `👀 ${person.name} looks after ${oneLine(title, 100)} \`${id}\`` };
        }
        const who =
          acknowledgedBy === null ? "It is resolved." : `${acknowledgedBy} has it already.`;
        return { text: who };
      }
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
      name: "maintenance",
      usage: "/maintenance <target> <duration|off>",
      summary: "no action on that target",
      role: "operator",
      args: Maintenance,
      run: maintenance,
    }),
  ];
}
