import { checkValue, quoted } from "./programs/kinds.ts";
import { INTERPRETERS, OUTLAWS, WRAPPERS } from "./programs/outlaws.ts";
import type { Argument, Program, Use } from "./programs/program.ts";
import { PROGRAMS } from "./programs/programs.ts";
import type { Classification, Finding } from "./verdict.ts";
import { worstOf } from "./verdict.ts";

/** The folders that only an administrator can put a program into. */
const PROGRAM = /^(?:\/(?:usr\/(?:local\/)?)?s?bin\/)?([A-Za-z0-9_][\w.+-]*|\[)$/;

/** How bad it is to start this program with these arguments, by the tables alone. */
export function rateProgram(words: readonly Argument[], isPiped: boolean): Classification {
  const [first, ...args] = words;
  const name = first === undefined || first.isGlob ? undefined : PROGRAM.exec(first.value)?.[1];
  if (name === undefined) {
    return high(`${quoted(first?.value ?? "")} is not a program in one of the system's folders`);
  }

  const program = PROGRAMS.get(name);
  if (program !== undefined) return rateKnown(name, program, args, isPiped);

  const outlaw = OUTLAWS.find(({ names }) => names.test(name));
  if (outlaw !== undefined) return { ...outlaw, reason: `${name} ${outlaw.does}`, ends: true };
  if (INTERPRETERS.test(name)) return rateInterpreter(name, args, isPiped);
  if (WRAPPERS.test(name)) return rateWrapper(name, args, isPiped);

  return high(`${name} is not in the table of known programs`);
}

function high(reason: string): Classification {
  return { verdict: "high", reason, ends: true };
}

function rateInterpreter(
  name: string,
  [first]: readonly Argument[],
  isPiped: boolean,
): Classification {
  const isFile = first !== undefined && /^\/[\w./-]+$/.test(first.value);
  return isFile && !isPiped
    ? high(`${name} runs the script ${quoted(first.value)}, which nobody has looked at here`)
    : {
        verdict: "forbidden",
        reason: `${name} runs whatever ${isPiped ? "comes out of the pipe" : "it is given"}`,
        ends: true,
      };
}

/** At least high, and forbidden where any of the words that follow would be. */
function rateWrapper(name: string, args: readonly Argument[], isPiped: boolean): Classification {
  const own = high(`${name} starts another program`);
  const inner = args
    .map((_, at) => args.slice(at))
    .filter(([next]) => next !== undefined && /^[\w/[.]/.test(next.value))
    .filter(([next]) => !WRAPPERS.test(next?.value ?? ""))
    .map((rest) => rateProgram(rest, isPiped))
    .filter(({ verdict }) => verdict === "forbidden");
  const [worst] = inner;
  return worst === undefined ? own : { ...worst, reason: `${name}: ${worst.reason}` };
}

function rateKnown(
  name: string,
  program: Program,
  args: readonly Argument[],
  isPiped: boolean,
): Classification {
  if (args.length === 1 && args[0]?.value === "--version") {
    return { verdict: "low", reason: `${name} only says its version`, ends: true };
  }
  const read = readArguments(name, program, args);
  const own: Finding = {
    verdict: read.use.verdict ?? "low",
    reason: `${read.label} ${read.use.does ?? "only reads"} (${program.source.split(/[;:]/)[0]})`,
  };
  const checks = [program.check, read.use === program ? undefined : read.use.check];
  const values = args.map(({ value }) => value);
  const further = checks.flatMap((check) => check?.(values) ?? []);
  const piped =
    isPiped && read.use.sendsInput === true
      ? [{ verdict: "high" as const, reason: `${name} sends on what comes out of the pipe` }]
      : [];
  const worst = worstOf([own, ...read.findings, ...further, ...piped]);
  return { ...worst, ends: !read.isEndless };
}

interface Flag {
  readonly kind: string | null;
  readonly isOptional: boolean;
  readonly isEndless: boolean;
}

interface Read {
  /** The program or its subcommand. */
  readonly use: Use;
  readonly label: string;
  readonly findings: readonly Finding[];
  readonly isEndless: boolean;
}

/** What one step of the reading found and how many arguments it took. */
interface Step {
  readonly took: number;
  readonly given?: readonly string[];
  readonly operand?: Argument;
  readonly finding?: Finding | null;
}

function readArguments(
  label: string,
  use: Use,
  args: readonly Argument[],
  outer: ReadonlyMap<string, Flag> = new Map(),
): Read {
  const flags = new Map([...outer, ...flagsOf(use)]);
  const given = new Set<string>();
  const operands: Argument[] = [];
  const findings: Finding[] = [];
  let rest = args;
  while (rest[0] !== undefined) {
    if (rest[0].value === "--" && use.style !== "exact" && use.subcommands === undefined) {
      operands.push(...rest.slice(1));
      break;
    }
    const step: Step = readStep(label, use, flags, rest);
    rest = rest.slice(step.took);
    for (const name of step.given ?? []) given.add(name);
    if (step.finding) findings.push(step.finding);
    if (step.operand === undefined) continue;

    if (use.subcommands !== undefined) {
      const sub = findSubcommand(label, use, step.operand);
      const read = readArguments(sub.label, sub.use, rest, flags);
      return { ...read, findings: [...findings, ...sub.findings, ...read.findings] };
    }
    operands.push(step.operand);
  }
  findings.push(...missing(label, use, given), ...operandFlaws(label, use, operands, given));
  return {
    use,
    label,
    findings,
    isEndless: [...given].some((name) => flags.get(name)?.isEndless === true),
  };
}

function findSubcommand(
  label: string,
  { subcommands = {} }: Use,
  { value, isGlob }: Argument,
): { label: string; use: Use; findings: Finding[] } {
  const found = Object.entries(subcommands).find(([names]) => names.split("|").includes(value));
  if (found !== undefined && !isGlob) {
    return { label: `${label} ${value}`, use: found[1], findings: [] };
  }
  const reason = `${label} ${quoted(value)} is not in the table`;
  return { label, use: {}, findings: [{ verdict: "high", reason }] };
}

function missing(label: string, use: Use, given: ReadonlySet<string>): Finding[] {
  if (use.subcommands !== undefined && use.isFineAlone !== true) {
    return [{ verdict: "high", reason: `${label} does not say what it is to do` }];
  }
  if (use.needs === undefined || hasAny(use.needs, given)) return [];
  const needs = use.needs.replaceAll(" ", " or ");
  const reason = `${label} without ${needs} does or shows more than it should`;
  return [{ verdict: use.otherwise ?? "high", reason }];
}

function operandFlaws(
  label: string,
  use: Use,
  operands: readonly Argument[],
  given: ReadonlySet<string>,
): Finding[] {
  const kinds = use.operands?.split(" ") ?? [];
  const isReplaced = hasAny(use.instead, given);
  const isDeep = use.recursive === "*" || hasAny(use.recursive, given);
  const left = (isReplaced ? kinds.slice(1) : kinds).map((kind) =>
    isDeep ? kind.replace("path", "tree") : kind,
  );
  if (use.needsOperand === true && operands.length === 0) {
    return [{ verdict: "medium", reason: `${label} without a name shows everything` }];
  }
  const last = left.at(-1);
  const flaws = operands.flatMap((operand, at): Finding[] => {
    const kind = left[at] ?? (last?.endsWith("*") ? last : undefined);
    if (kind === undefined) {
      return [{ verdict: "high", reason: `${label} is not known with ${quoted(operand.value)}` }];
    }
    const flaw = about(label, checkValue(kind.replace("*", ""), operand));
    return flaw === null ? [] : [flaw];
  });
  return isDeep && operands.length < left.length
    ? [
        ...flaws,
        { verdict: "medium", reason: `${label} reads everything under the folder it is in` },
      ]
    : flaws;
}

function hasAny(flags: string | undefined, given: ReadonlySet<string>): boolean {
  return flags?.split(" ").some((flag) => given.has(flag)) === true;
}

function about(label: string, finding: Finding | null): Finding | null {
  return finding === null ? null : { ...finding, reason: `${label}: ${finding.reason}` };
}

function flagsOf(use: Use): Map<string, Flag> {
  const parse = (text: string, isEndless: boolean): [string, Flag][] =>
    text
      .split(/\s+/)
      .filter((token) => token !== "")
      .map((token) => {
        const {
          name = "",
          open,
          kind = null,
        } = /^(?<name>[^:[]+)(?<open>\[)?(?::(?<kind>\w+)\]?)?$/.exec(token)?.groups ?? {};
        return [name, { kind: kind ?? null, isOptional: open !== undefined, isEndless }];
      });
  return new Map([...parse(use.flags ?? "", false), ...parse(use.endless ?? "", true)]);
}

function readStep(
  label: string,
  use: Use,
  flags: ReadonlyMap<string, Flag>,
  [first = { value: "", isGlob: false }, next]: readonly Argument[],
): Step {
  const { value, isGlob } = first;
  const refused = (reason: string): Step => ({ took: 1, finding: { verdict: "high", reason } });
  if (!isGlob && flags.has(value)) return readFlag(label, value, flags.get(value), next);
  if (!value.startsWith("-") || value === "-") return { took: 1, operand: first };
  if (isGlob) return refused(`${label}: a shell would fill in ${quoted(value)}`);
  if (/^-\d{1,6}$/.test(value) && flags.has("-#")) return { took: 1, given: ["-#"] };

  const joined = readJoined(label, first, flags);
  if (joined !== null) return joined;
  if (value.startsWith("--") || use.style === "exact") {
    return refused(`${label}: the flag ${quoted(value)} is not in the table`);
  }
  return readLetters(label, first, flags, next);
}

/** `--lines=20` */
function readJoined(
  label: string,
  argument: Argument,
  flags: ReadonlyMap<string, Flag>,
): Step | null {
  const { value } = argument;
  const equals = value.indexOf("=");
  const name = value.slice(0, Math.max(0, equals));
  const kind = flags.get(name)?.kind ?? null;
  if (kind === null) return null;
  const given = { ...argument, value: value.slice(equals + 1) };
  return { took: 1, given: [name], finding: about(label, checkValue(kind, given)) };
}

function readFlag(label: string, name: string, flag: Flag | undefined, next?: Argument): Step {
  if (flag === undefined || flag.kind === null || flag.isOptional) {
    return { took: 1, given: [name] };
  }
  if (next === undefined) {
    const reason = `${label}: ${name} lacks its value`;
    return { took: 1, finding: { verdict: "high", reason } };
  }
  return { took: 2, given: [name], finding: about(label, checkValue(flag.kind, next)) };
}

/** `-la`, `-n20`, `-xzf file`: every letter must be known, and only the last may have a value. */
function readLetters(
  label: string,
  argument: Argument,
  flags: ReadonlyMap<string, Flag>,
  next?: Argument,
): Step {
  const { value } = argument;
  const given: string[] = [];
  for (const [at, letter] of [...value.slice(1)].entries()) {
    const name = `-${letter}`;
    const flag = flags.get(name);
    if (flag === undefined) {
      const reason = `${label}: the flag ${quoted(given.length > 0 ? `${name} in ${value}` : value)} is not in the table`;
      return { took: 1, finding: { verdict: "high", reason } };
    }
    given.push(name);
    if (flag.kind === null) continue;

    const stuck = value.slice(at + 2);
    if (stuck === "") return { ...readFlag(label, name, flag, next), given };
    const finding = about(label, checkValue(flag.kind, { ...argument, value: stuck }));
    return { took: 1, given, finding };
  }
  return { took: 1, given };
}
