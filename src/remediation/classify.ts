import { rateProgram } from "./rate-program.ts";
import { readShell } from "./shell-text.ts";
import type { Classification, Finding } from "./verdict.ts";
import { worstOf } from "./verdict.ts";

/**
 * What a command can do at worst, from a closed table of programs and flags written from their
 * manuals. It advises and it keeps probes read-only; it does not confine anything that runs.
 */
export function classifyArgv(argv: readonly string[]): Classification {
  const words = argv.map((value) => ({ value, isGlob: false, isAbsolute: true }));
  return combine([...oddities(argv.join(" ")), rateProgram(words, false)]);
}

/** The same for text that a model or a person wrote, read as a shell would read it. */
export function classifyText(text: string): Classification {
  const reading = readShell(text);
  if (reading === null) {
    return closed("forbidden", "it can't be read as a shell would read it, or is far too long");
  }
  if (reading.starts.length === 0) return closed("high", "it names no program");
  const rated = reading.starts.map(({ words, isPiped }) => rateProgram(words, isPiped));
  return combine([...oddities(text.trim()), ...rated, ...reading.findings]);
}

/** Letters that are not what they look like, or can't be seen at all. */
function oddities(text: string): Finding[] {
  const odd = [...text].find((char) => (char < " " && char !== "\n") || char > "~");
  if (odd === undefined) return [];
  const code = `U+${(odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  return /^[\p{C}\p{Z}\p{M}]$/u.test(odd)
    ? [{ verdict: "forbidden", reason: `it contains ${code}, which nobody can see` }]
    : [{ verdict: "high", reason: `it contains ${code}, which may only look like a plain letter` }];
}

function closed(verdict: "high" | "forbidden", reason: string): Classification {
  return { verdict, reason, ends: true };
}

function combine(findings: readonly (Finding | Classification)[]): Classification {
  const [first, ...others] = findings;
  if (first === undefined) return closed("high", "there is nothing to judge");
  const ends = findings.every((finding) => !("ends" in finding) || finding.ends);
  const { verdict, reason } = worstOf([first, ...others]);
  return { verdict, reason, ends };
}
