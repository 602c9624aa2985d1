import type { Finding, Verdict } from "../verdict.ts";

/** One argument as the program will get it. */
export interface Argument {
  readonly value: string;
  /** A shell fills it in with file names before the program sees it. */
  readonly isGlob: boolean;
  /** Nobody stands anywhere when it runs: a path must say where it begins. */
  readonly isAbsolute?: boolean;
}

/**
 * What a program may be given. Whatever is not written here is refused: an unknown flag, a shortened
 * one, one operand more.
 */
export interface Use {
  /**
   * Flags, separated by spaces: `-h` stands alone, `-n:count` has a value, `--color[:word]` may have
   * one after `=`, `-#` is a dash and a number. The kinds of values are in `kinds.ts`.
   */
  readonly flags?: string;
  /** Flags that make it go on until somebody stops it. */
  readonly endless?: string;
  /** One of these must be given: without it the program does something else. */
  readonly needs?: string;
  /** Kinds of operands in order, the last perhaps with `*` for any number. None by default. */
  readonly operands?: string;
  /** How bad it is without any of them; high by default. */
  readonly otherwise?: Verdict;
  /** With one of these flags, or always where it is `*`, it reads folders with all that is in them. */
  readonly recursive?: string;
  /** Without an operand it shows more than it should. */
  readonly needsOperand?: boolean;
  /** Flags that take the place of the first operand, as `grep -e` does. */
  readonly instead?: string;
  /** `exact`: no letters put together, no value stuck to its letter, no `--`. */
  readonly style?: "getopt" | "exact";
  /** How bad it is when everything given is known; low by default. */
  readonly verdict?: Verdict;
  /** What it does, where that is more than reading: "restarts a service". */
  readonly does?: string;
  /** By name, several spellings separated by `|`. Flags of the program may stand before or after it. */
  readonly subcommands?: Readonly<Record<string, Use>>;
  /** It may be called without any of its subcommands. */
  readonly isFineAlone?: boolean;
  /** Hands its standard input to others: must not stand behind a pipe. */
  readonly sendsInput?: boolean;
  /** What the lists above can't say. */
  readonly check?: (values: readonly string[]) => Finding | null;
}

export interface Program extends Use {
  /** The manual this entry was written from. */
  readonly source: string;
}

/** By name, several names separated by spaces. */
export type Table = Readonly<Record<string, Program>>;
