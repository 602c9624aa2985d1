import type { ParseArgsConfig } from "node:util";

/** A command was used wrongly: the message says how it is used. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It ran and could not do what it is for: the message says why and the way out. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

export type Options = Readonly<Record<string, string | boolean | string[] | undefined>>;

export interface CliCommand {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** What `--help` says beside the usage, where its options need words. */
  readonly details?: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  readonly maxWords: number;
  /** @returns false where it ran and found that something is wrong */
  run(input: { words: readonly string[]; options: Options }): Promise<boolean>;
}
