import { z } from "zod";
import type { Channel, Person, Role, SignInWay } from "../approval/approval.ts";
import type { Report } from "../incident/report.ts";
import type { Picture } from "./channel.ts";
import type { Desk } from "./desk.ts";
import { oneLine } from "./text.ts";
import { asTyped } from "./wording.ts";

/** What a person typed, taken apart: `/history disk full --since 7d`. */
export interface TypedCommand {
  readonly name: string;
  readonly args: TypedArgs;
}

export interface TypedArgs {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | true>>;
}

export interface CommandContext {
  readonly person: Person | null;
  readonly roles: readonly Role[];
  readonly channel: Channel;
  readonly chatId: string;
  readonly accountId: string;
  readonly now: Date;
  /** In the console: what the session began with. */
  readonly signedIn?: SignInWay;
}

/** One answer for every channel: plain lines, in which backticks mark what is to be copied. */
export interface Reply {
  readonly text: string;
  readonly buttons?: readonly ReplyButton[];
  /** For the person alone, not for the whole chat. */
  readonly isPrivate?: true;
  /** To stand under it where a platform shows pictures: then all of the chat see both. */
  readonly picture?: () => Promise<Picture>;
  /** More for the person alone: it takes the place of the text where nobody else reads along. */
  readonly privately?: string;
}

export interface ReplyButton {
  readonly label: string;
  readonly style: "success" | "danger";
  readonly verb: "confirm";
  readonly token: string;
}

/** As it is typed in Telegram; where it is shown, each channel words it. */
export type Usage = `/${string}`;

/** One command for all channels; adding one is a value in a list. */
export interface Command<Args> {
  readonly name: string;
  readonly usage: Usage;
  readonly summary: string;
  readonly role: "anyone" | Role;
  readonly args: z.ZodType<Args>;
  run(context: CommandContext, args: Args): Promise<Reply>;
}

/** A command of any arguments, which it parses itself. */
export interface ListedCommand {
  readonly name: string;
  readonly usage: Usage;
  readonly summary: string;
  readonly role: "anyone" | Role;
  handle(context: CommandContext, args: TypedArgs): Promise<Reply>;
}

export interface CommandDeps {
  readonly desk: Desk;
  readonly publicUrl: string;
  /** A one-time link that signs this person in; null for whoever asks too often. Absent where chats give none. */
  readonly invite?: ((person: string) => Promise<string | null>) | undefined;
  /** The graph of a report; absent where nothing is drawn. */
  readonly drawReport?: (report: Report) => Promise<Picture>;
  readonly timeZone?: string;
}

/** Ties a command's schema to its run, so that commands of different arguments fit one list. */
export function listed<Args>(command: Command<Args>): ListedCommand {
  return {
    name: command.name,
    usage: command.usage,
    summary: command.summary,
    role: command.role,
    async handle(context, typed) {
      const parsed = command.args.safeParse(typed);
      if (parsed.success) return await command.run(context, parsed.data);
      return {
        text: `${problemOf(parsed.error)}\nUsage: ${asTyped(command.usage, context.channel)}`,
      };
    },
  };
}

function problemOf({ issues }: z.ZodError): string {
  const issue = issues[0];
  if (issue?.code === "too_big" && issue.path.join() === "words") return "That is too much.";
  const message = issue?.message ?? "that is not how it is used";
  return `${message[0]?.toUpperCase()}${message.slice(1)}.`;
}

/** Flags that take the next word as their value. */
const VALUED = new Set(["since", "page", "incident"]);

/** Null for text that is no command, or one for another bot of the same chat. */
export function parseCommand(text: string, botName: string | null): TypedCommand | null {
  const [first = "", ...rest] = wordsOf(text);
  const named = /^\/?(?<name>[a-z0-9_]+)(?:@(?<bot>\w+))?$/i.exec(first)?.groups;
  if (!named?.name) return null;
  if (named.bot && named.bot.toLowerCase() !== botName?.toLowerCase()) return null;
  return { name: named.name.toLowerCase(), args: argsOf(rest) };
}

export function wordsOf(text: string): string[] {
  // What is copied from a card may carry the joiners that keep it from being a link.
  return text.replaceAll("\u2060", "").trim().split(/\s+/);
}

function argsOf(rest: readonly string[]): TypedArgs {
  const words: string[] = [];
  const flags: Record<string, string | true> = {};
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? "";
    // Phones turn two hyphens into a dash.
    const flag = /^(?:--|—|–)(?<name>[a-z-]+)(?:=(?<value>.*))?$/.exec(word)?.groups;
    if (!flag?.name) words.push(word);
    else if (flag.value !== undefined) flags[flag.name] = flag.value;
    else if (VALUED.has(flag.name) && rest[at + 1] !== undefined)
      flags[flag.name] = rest[++at] ?? "";
    else flags[flag.name] = true;
  }
  return { words, flags };
}

/**
 * Any role implies viewer. Who may decide is written in each request, after an escalation also by name,
 * so a decision gets as far as the desk, which rules on it.
 */
export function holds(roles: readonly Role[], needed: "anyone" | Role): boolean {
  if (needed === "anyone") return true;
  if (needed === "viewer" || needed === "approver") return roles.length > 0;
  return roles.includes(needed);
}

/** For commands without arguments: what is typed after them does no harm. */
export const AnyWords = z.object({ words: z.array(z.string()) });

const MOST_VALUES = 32;
const PAIR = /^([A-Za-z_]\w*)=(.*)$/s;

/** The `key=value` among the words of a command, what is none, and what is wrong with them. */
export function pairsIn(words: readonly string[]): {
  readonly pairs: readonly (readonly [string, string])[];
  readonly plain: readonly string[];
  readonly flaw: string | null;
} {
  const pairs = words.flatMap((word) => {
    const [, name, value] = PAIR.exec(word) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  const plain = words.filter((word) => !PAIR.test(word));
  if (twice !== undefined) return { pairs, plain, flaw: `${oneLine(twice, 40)} is given twice` };
  const flaw = pairs.length > MOST_VALUES ? "that are too many values" : null;
  return { pairs, plain, flaw };
}

const UNIT_MS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90s`, `30m`, `2h`, `7d`, `1w` in milliseconds. */
export const Duration = z
  .string()
  .regex(/^[1-9]\d{0,4}[smhdw]$/, "a duration looks like 30m, 2h or 7d")
  .transform((text) => Number.parseInt(text, 10) * (UNIT_MS[text.at(-1) ?? ""] ?? 0));

export const PlanCode = z
  .string("the plan code is missing")
  .regex(/^[0-9a-f]{8}$/i, "a plan code has 8 digits and letters a to f, all of them are needed")
  .transform((code) => code.toLowerCase());

export const PageNumber = z.coerce
  .number("a page is a number")
  .int("a page is a number")
  .min(1, "pages count from 1")
  .max(10_000, "there are not that many pages")
  .default(1);
