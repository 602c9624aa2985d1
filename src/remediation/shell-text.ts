import type { Command, Redirection, SyntaxNode, Word, WordPart } from "unbash";
import { forEachChild, parse } from "unbash";
import { checkValue, quoted } from "./programs/kinds.ts";
import type { Argument } from "./programs/program.ts";
import type { Finding } from "./verdict.ts";

/** One program that a shell would start, as far as it can be known before. */
export interface Start {
  readonly words: readonly Argument[];
  readonly isPiped: boolean;
}

export interface ShellReading {
  readonly starts: readonly Start[];
  /** Everything about the text that is not a plain start of a program. */
  readonly findings: readonly Finding[];
}

const MOST_CHARS = 8192;

/** What nobody has to write into a command that only looks, and what each does. */
const CONSTRUCTS: Readonly<Partial<Record<SyntaxNode["type"], string>>> = {
  If: "a condition",
  For: "a loop",
  ArithmeticFor: "a loop",
  While: "a loop",
  Select: "a menu",
  Case: "a choice",
  Subshell: "a second shell",
  BraceGroup: "a group",
  Function: "a function",
  Coproc: "a process beside this one",
  TestCommand: "a test of the shell",
  ArithmeticCommand: "arithmetic",
  HereDoc: "text for the input",
  HereString: "text for the input",
  Assignment: "a variable",
  SimpleExpansion: "a variable",
  ParameterExpansion: "a variable",
  CommandExpansion: "another command's output",
  ProcessSubstitution: "another command",
  ArithmeticExpansion: "arithmetic",
  BraceExpansion: "a list to fill in",
  ExtendedGlob: "a pattern to fill in",
  AnsiCQuoted: "letters written as numbers",
  LocaleString: "a translation",
};

/** Variables that make other programs load or start something. */
const LOADING =
  /^(?:LD_.*|PATH|IFS|ENV|BASH_.*|SHELLOPTS|PROMPT_COMMAND|PS4|PYTHON.*|PERL5?.*|RUBY.*|NODE_.*|JAVA_.*|GIT_.*|.*PAGER|LESS.*|EDITOR|VISUAL|GCONV_PATH)$/;

/** @returns null where it can't be read as shell, or is too long to be read by people */
export function readShell(text: string): ShellReading | null {
  if (text.length > MOST_CHARS) return null;
  const script = parse(text);
  const starts: Start[] = [];
  const findings: Finding[] = [];
  let isWhole = true;

  const visit = (node: SyntaxNode, isPiped: boolean): void => {
    if (node.type === "Script" && (node.errors?.length ?? 0) > 0) isWhole = false;
    findings.push(...findingsOf(node));
    if (node.type === "Command" && node.name !== undefined) {
      starts.push({ words: wordsOf(node, node.name), isPiped });
    }
    let isFirst = true;
    forEachChild(node, (child) => {
      const isBehindPipe = node.type === "Pipeline" && isCommand(child) && !isFirst;
      if (isCommand(child)) isFirst = false;
      visit(child, isPiped || isBehindPipe);
    });
  };
  visit(script, false);
  return isWhole ? { starts, findings } : null;
}

function isCommand({ type }: SyntaxNode): boolean {
  return type !== "Time" && type !== "Negation";
}

function findingsOf(node: SyntaxNode): Finding[] {
  const construct = CONSTRUCTS[node.type];
  switch (node.type) {
    case "Assignment":
      return LOADING.test(node.name)
        ? [{ verdict: "forbidden", reason: `${node.name} decides what other programs load` }]
        : [{ verdict: "high", reason: `it sets the variable ${node.name}` }];
    case "Redirect":
      return redirection(node);
    case "Statement":
      return node.background === true
        ? [{ verdict: "medium", reason: "it goes on in the background, where nobody waits for it" }]
        : [];
    case "Word":
      return /![^\s=]/.test(bare(node))
        ? [
            {
              verdict: "high",
              reason: `a shell at a screen fills in ${quoted(node.text)} from its history`,
            },
          ]
        : [];
    case "SimpleExpansion":
      if (node.text === "$?") return [];
      return [
        {
          verdict: "high",
          reason: `it has ${construct}, so nobody can say before what it comes to`,
        },
      ];
    default:
      return construct === undefined
        ? []
        : [
            {
              verdict: "high",
              reason: `it has ${construct}, so nobody can say before what it comes to`,
            },
          ];
  }
}

/** The text of a word without what stands in single quotes. */
function bare({ text, parts }: Word): string {
  return parts === undefined
    ? text
    : parts.map((part) => (part.type === "SingleQuoted" ? "" : part.text)).join("");
}

function redirection({ operator, target }: Extract<Redirection, { type: "Redirect" }>): Finding[] {
  const to = target?.value ?? "";
  if (to === "/dev/null" && target !== undefined && operator !== "<>") return [];
  if ((operator === ">&" || operator === "<&") && /^[012]$/.test(to)) return [];
  if (/^\/dev\/(?:tcp|udp)\//.test(to)) {
    return [{ verdict: "forbidden", reason: `${quoted(to)} is a connection to another machine` }];
  }
  if (operator === "<" && target !== undefined) {
    const finding = checkValue("path", { value: to, isGlob: hasGlob(target) });
    return finding === null ? [] : [{ ...finding, reason: `read in: ${finding.reason}` }];
  }
  return /^\/(?:dev|etc|boot|bin|sbin|lib|usr|proc|sys|root)(?:\/|$)/.test(to)
    ? [{ verdict: "forbidden", reason: `it writes over ${quoted(to)}` }]
    : [{ verdict: "high", reason: `it writes to ${quoted(to)}` }];
}

function wordsOf(command: Command, name: Word): Argument[] {
  return [name, ...command.args].map((word) =>
    word.type === "Word"
      ? { value: word.value, isGlob: hasGlob(word) }
      : { value: word.text, isGlob: true },
  );
}

function hasGlob({ parts = [] }: Word): boolean {
  return parts.some((part: WordPart) => part.type === "Glob");
}
