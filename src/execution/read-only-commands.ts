import { normalize } from "node:path";

/** What a program may be given in a probe. Everything that is not listed is refused. */
interface ReadOnlyUse {
  /** Flags that stand alone. */
  readonly flags: readonly string[];
  /** Flags followed by a value, as the next argument or, for long ones, after `=`. */
  readonly valued?: Readonly<Record<string, RegExp>>;
  readonly operands: "none" | "paths" | "any";
}

const COUNT = /^\+?\d{1,9}$/;
const WORD = /^[\w.,@:-]+$/;
const ANYTHING = /^/;

/**
 * The closed list: programs that only read, with the flags that keep them so and let them end.
 * Left out on purpose: following (`tail -f`), writing (`df --sync`), reading lists of files.
 */
const READ_ONLY_USES: Readonly<Record<string, ReadOnlyUse>> = {
  "/usr/bin/test": {
    flags: "! -e -f -d -s -r -w -x -L -S -p -b -c -n -z -eq -ne -gt -ge -lt -le -nt -ot".split(" "),
    operands: "any",
  },
  "/usr/bin/stat": {
    flags: ["-L", "-f", "-t", "--dereference", "--file-system", "--terse"],
    valued: { "-c": ANYTHING, "--format": ANYTHING, "--printf": ANYTHING },
    operands: "paths",
  },
  "/usr/bin/cat": { flags: ["-n", "-s", "-A"], operands: "paths" },
  "/usr/bin/head": { flags: ["-q"], valued: { "-n": COUNT, "-c": COUNT }, operands: "paths" },
  "/usr/bin/tail": { flags: ["-q"], valued: { "-n": COUNT, "-c": COUNT }, operands: "paths" },
  "/usr/bin/wc": { flags: ["-l", "-w", "-c"], operands: "paths" },
  "/usr/bin/ls": { flags: ["-l", "-a", "-A", "-1", "-d", "-la", "-ld"], operands: "paths" },
  "/usr/bin/readlink": { flags: ["-e", "-f", "-m"], operands: "paths" },
  "/usr/bin/df": {
    flags: ["-h", "-k", "-P", "-T", "-i", "-l", "-a", "-hT"],
    valued: { "--output": WORD, "-t": WORD, "-x": WORD },
    operands: "paths",
  },
  "/usr/bin/du": {
    flags: [
      "-s",
      "-h",
      "-k",
      "-m",
      "-b",
      "-x",
      "-a",
      "-c",
      "-sh",
      "-sx",
      "-shx",
      "--apparent-size",
    ],
    valued: { "-d": COUNT, "--max-depth": COUNT },
    operands: "paths",
  },
  "/usr/bin/free": { flags: ["-h", "-b", "-k", "-m", "-w"], operands: "none" },
  "/usr/bin/uptime": { flags: ["-p", "-s"], operands: "none" },
  "/usr/bin/nproc": { flags: ["--all"], operands: "none" },
  "/usr/bin/pgrep": {
    flags: ["-a", "-c", "-f", "-i", "-l", "-n", "-o", "-x"],
    valued: { "-u": WORD, "-U": WORD, "-P": COUNT },
    operands: "any",
  },
};

/** Why this argv may not be run as a probe, in words; null when it is on the read-only list. */
export function refusalOfProbe(argv: readonly [string, ...string[]]): string | null {
  const [program, ...args] = argv;
  const use = Object.hasOwn(READ_ONLY_USES, program) ? READ_ONLY_USES[program] : undefined;
  if (use === undefined) {
    const known = Object.keys(READ_ONLY_USES).join(", ");
    return `${program} is not on the list of read-only programs a probe may run: ${known}`;
  }

  const refused = firstRefused(args, use);
  return refused === null
    ? null
    : `${program} may not be given ${JSON.stringify(refused)} in a probe`;
}

function firstRefused(args: readonly string[], use: ReadOnlyUse): string | null {
  let rest = args;
  while (rest[0] !== undefined) {
    if (rest[0] === "--") return rest.slice(1).find((operand) => !isOperand(operand, use)) ?? null;
    const accepted = countAccepted(rest, use);
    if (accepted === 0) return rest[0];
    rest = rest.slice(accepted);
  }
  return null;
}

/** How many arguments make up the first thing said: 2 for a flag with its value, 0 to refuse it. */
function countAccepted([first = "", value]: readonly string[], use: ReadOnlyUse): number {
  if (!first.startsWith("-")) return isOperand(first, use) ? 1 : 0;
  if (!Object.hasOwn(use.valued ?? {}, first)) return isFlag(first, use) ? 1 : 0;
  return value !== undefined && use.valued?.[first]?.test(value) ? 2 : 0;
}

function isFlag(argument: string, use: ReadOnlyUse): boolean {
  if (use.flags.includes(argument)) return true;
  const equals = argument.indexOf("=");
  const [name, value] = [argument.slice(0, equals), argument.slice(equals + 1)];
  if (equals < 0 || !name.startsWith("--") || !Object.hasOwn(use.valued ?? {}, name)) return false;
  return use.valued?.[name]?.test(value) ?? false;
}

function isOperand(argument: string, use: ReadOnlyUse): boolean {
  switch (use.operands) {
    case "none":
      return false;
    case "paths":
      return argument.startsWith("/") && normalize(argument) === argument;
    case "any":
      return true;
  }
}
