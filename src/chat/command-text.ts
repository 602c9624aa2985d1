import type { Command } from "../remediation/proposal.ts";
import { codePointOf } from "./text.ts";

type Http = Extract<Command, { kind: "http" }>;
type Ssh = Extract<Command, { kind: "ssh" }>;
type Grant = Extract<Command, { kind: "grant" }>;
type Signals = Extract<Command, { kind: "signals" }>;

/** The exact command, readable and unambiguous: what is quoted is one argument, what is unseen is spelled out. */
export function commandText(command: Command): string {
  if (command.kind === "argv") return command.argv.map(argument).join(" ");
  if (command.kind === "ssh") return sshText(command);
  if (command.kind === "signals") return signalsText(command);
  if (command.kind === "grant") return grantText(command);
  return httpText(command);
}

function httpText({ method, origin = "", path, body, tokenFile, meant }: Http): string {
  return [
    `${method} ${spelled(`${origin}${path}`)}`,
    ...(body === undefined || body === null ? [] : [json(body)]),
    ...(meant === undefined ? [] : [spelled(`which is ${meant}`)]),
    ...(tokenFile === undefined ? [] : [spelled(`with the token in ${tokenFile}`)]),
  ].join("\n");
}

/** The words that the program gets on the other machine; how they travel there is ssh's matter. */
function sshText({ host, argv, peer }: Ssh): string {
  const where = peer === null ? host : `${host} (${peer.address})`;
  return `${argv.map(argument).join(" ")}\n${spelled(`over ssh on ${where}`)}`;
}

/** Names the one process by what no other has: its pid, and when within which boot it was started. */
function signalsText({ signals, graceMs, among, process }: Signals): string {
  const [first, then] = signals;
  const verb = first === undefined ? "look at" : `${first} to`;
  const after = then === undefined ? "" : `\n${then} if it is still there after ${graceMs / 1000}s`;
  if (process === null) return spelled(`${verb} the busiest of ${among.join(", ")}`) + after;
  const { pid, name, user, uid, startTicks, bootId } = process;
  const who = `${verb} ${name} (pid ${pid}) of ${user} (uid ${uid})`;
  return `${spelled(who)}\n${spelled(`started at tick ${startTicks} of boot ${bootId}`)}${after}`;
}

/** Nothing runs now; what may run later is shown as the runbook has it. */
function grantText({ with: action }: Grant): string {
  return `may run unasked from now on, until a run does not help:\n${json(action)}`;
}

function argument(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // An argument may hold what a card can't show: bash reads this spelling back to the same bytes.
  if (isUnprintable(text)) return `$'${spelled(text.replace(/['\\]/g, "\\$&"))}'`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function json(body: unknown): string {
  return spelled(JSON.stringify(body));
}

function isUnprintable(text: string): boolean {
  return spelled(text) !== text;
}

/**
 * Nothing, a gap, half a character, or a letter that turns the writing around: with it, what is read is not what runs.
 */
const MISREAD =
  /[\p{Cc}\p{Cf}\p{Surrogate}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]|(?<!\p{L}\p{M}{0,8})\p{M}/gu;

function spelled(text: string): string {
  return text.replace(MISREAD, (char) => {
    const hex = codePointOf(char).slice(2).toLowerCase();
    return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex}`;
  });
}
