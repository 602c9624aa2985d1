import type { Duty } from "../remediation/policy.ts";
import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, listed } from "./command.ts";
import { handoverCardOf } from "./handover-card.ts";
import { cardText } from "./plain.ts";
import { dateTime, oneLine } from "./text.ts";

/** For those who share the work. */
export function teamworkCommands({
  desk,
  publicUrl,
  timeZone = "UTC",
}: CommandDeps): ListedCommand[] {
  async function onCall(): Promise<Reply> {
    const [now, ...next] = await desk.onCall();
    if (now === undefined)
      return { text: "policy.yaml has no rota, so nobody is on call by name." };
    return {
      text: [
        onCallText(now, timeZone),
        ...next.map(
          ({ person, from }) => `From ${dateTime(from, timeZone)}: ${oneLine(person, 60)}`,
        ),
      ].join("\n"),
    };
  }

  async function handover({ channel }: CommandContext): Promise<Reply> {
    const found = await desk.handover();
    if (found === null) return { text: "policy.yaml can't be read, so nobody knows the shifts." };
    return { text: cardText(handoverCardOf(found, { publicUrl, timeZone }), channel) };
  }

  return [
    listed({
      name: "handover",
      usage: "/handover",
      summary: "what is open, waits, ran, is quiet and was noted in this shift",
      role: "viewer",
      args: AnyWords,
      run: handover,
    }),
    listed({
      name: "oncall",
      usage: "/oncall",
      summary: "who is on call now, and who comes next",
      role: "viewer",
      args: AnyWords,
      run: onCall,
    }),
  ];
}

export function onCallText({ person, to }: Duty, timeZone: string): string {
  return `☎️ On call: ${oneLine(person, 60)} until ${dateTime(to, timeZone)}`;
}
