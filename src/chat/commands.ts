import { closest, distance } from "fastest-levenshtein";
import type { Channel } from "../approval/approval.ts";
import type { CommandContext, CommandDeps, ListedCommand, Reply, TypedCommand } from "./command.ts";
import { AnyWords, holds, listed, parseCommand } from "./command.ts";
import { autonomyCommands } from "./commands-autonomy.ts";
import { decisionCommands } from "./commands-deciding.ts";
import { operatingCommands } from "./commands-operating.ts";
import { readingCommands } from "./commands-reading.ts";
import { reportCommands } from "./commands-reports.ts";
import { runbookCommands } from "./commands-runbooks.ts";
import { runningCommands } from "./commands-running.ts";
import { signInCommands } from "./commands-sign-in.ts";
import { teamworkCommands } from "./commands-teamwork.ts";
import { oneLine } from "./text.ts";
import { asTyped } from "./wording.ts";

export interface CommandRegistry {
  readonly list: readonly ListedCommand[];
  /** Null for text that is no command of ours. */
  handle(
    context: CommandContext,
    text: string,
    options?: { readonly botName?: string },
  ): Promise<Reply | null>;
  /** What is typed already taken apart. */
  run(context: CommandContext, typed: TypedCommand): Promise<Reply>;
}

/** The one registry behind Telegram's `/x`, Slack's `/countersign x` and the console's command box. */
export function createCommands(deps: CommandDeps): CommandRegistry {
  const list: ListedCommand[] = [
    ...introducing(() => list),
    ...signInCommands(deps),
    ...readingCommands(deps),
    ...teamworkCommands(deps),
    ...reportCommands(deps),
    ...decisionCommands(deps),
    ...operatingCommands(deps),
    ...runbookCommands(deps),
    ...runningCommands(deps),
    ...autonomyCommands(deps),
  ];

  async function handle(
    context: CommandContext,
    text: string,
    { botName }: { readonly botName?: string } = {},
  ): Promise<Reply | null> {
    const typed = parseCommand(text, botName ?? null);
    return typed && (await run(context, typed));
  }

  async function run(context: CommandContext, typed: TypedCommand): Promise<Reply> {
    const command = list.find(({ name }) => name === typed.name);
    if (!command) return unknownCommand(context, typed.name);
    if (!holds(context.roles, command.role)) return refusal(context, command);
    return await command.handle(context, typed.args);
  }

  function unknownCommand({ roles, channel }: CommandContext, name: string): Reply {
    if (roles.length === 0) return { text: "You have no role here.", isPrivate: true };
    const nearest = closest(
      name,
      list.map((command) => command.name),
    );
    const isNear = distance(name, nearest) <= Math.max(2, Math.floor(nearest.length / 3));
    const hint = isNear
      ? `Did you mean ${asTyped(`/${nearest}`, channel)}?`
      : `${asTyped("/help", channel)} lists the commands.`;
    return { text: `There is no command ${oneLine(name, 40)}. ${hint}` };
  }

  return { list, handle, run };
}

function refusal({ roles, channel }: CommandContext, { role }: ListedCommand): Reply {
  const text =
    roles.length === 0
      ? "You have no role here."
      : `This takes the role ${role}. ${asTyped("/whoami", channel)} shows yours.`;
  return { text, isPrivate: true };
}

function nobodyText(channel: Channel): string {
  const setting =
    channel === "console"
      ? ""
      : ` (or in ${channel.toUpperCase()}_ADMIN_IDS while nobody stands there)`;
  return `none; an owner adds this id under people in policy.yaml${setting}`;
}

function introducing(all: () => readonly ListedCommand[]): ListedCommand[] {
  const help = ({ channel }: CommandContext): Promise<Reply> =>
    Promise.resolve({
      text: [
        "Alerts come in, evidence and one exact fix go out; people approve what is not safe to run by itself.",
        ...all().map(
          ({ usage, summary, role }) =>
            `${asTyped(usage, channel)} ${summary}${role === "anyone" ? "" : ` (${role})`}`,
        ),
      ].join("\n"),
    });
  const whoami = ({ person, roles, channel, accountId, chatId }: CommandContext): Promise<Reply> =>
    Promise.resolve({
      text: [
        `Your ${channel} id: \`${oneLine(accountId, 80)}\``,
        `Person: ${person ? oneLine(person.name, 80) : nobodyText(channel)}`,
        `Roles: ${roles.length > 0 ? roles.join(", ") : "none"}`,
        `This chat: \`${oneLine(chatId, 80)}\``,
      ].join("\n"),
    });
  const base = { role: "anyone", args: AnyWords } as const;
  return [
    listed({ ...base, name: "start", usage: "/start", summary: "what this is", run: help }),
    listed({ ...base, name: "help", usage: "/help", summary: "the commands", run: help }),
    listed({
      ...base,
      name: "whoami",
      usage: "/whoami",
      summary: "your id and roles",
      run: whoami,
    }),
  ];
}
