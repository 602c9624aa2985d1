import type { Duty } from "../remediation/policy.ts";
import type { CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, listed } from "./command.ts";
import { dateTime, oneLine } from "./text.ts";

/** For those who share the work. */
export function teamworkCommands({ desk, timeZone = "UTC" }: CommandDeps): ListedCommand[] {
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

  return [
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
