import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { loadConfig } from "../config.ts";
import { parseDuration } from "../remediation/duration.ts";
import type { Store } from "../store/store.ts";
import type { CliCommand } from "./command.ts";
import { CommandFailed, UsageError } from "./command.ts";
import { openBeside } from "./open.ts";
import { progressOnStderr } from "./output.ts";

export const auditExport: CliCommand = {
  name: "audit export",
  usage: "audit export [--since <7d|2026-03-01>] [--out <file>]",
  summary: "Writes the record as JSON Lines that can be verified without Countersign",
  options: { since: { type: "string" }, out: { type: "string" }, json: { type: "boolean" } },
  maxWords: 0,
  async run({ options }) {
    const since = typeof options.since === "string" ? sinceOf(options.since) : null;
    const store = openBeside(loadConfig());
    try {
      const lines = Readable.from(linesOf(store, since));
      if (typeof options.out === "string") await writeTo(options.out, lines);
      else await pipeline(lines, process.stdout, { end: false });
      return true;
    } finally {
      store.close();
    }
  },
};

function sinceOf(text: string): Date {
  const ms = parseDuration(text);
  const date = ms === null ? new Date(text) : new Date(Date.now() - ms);
  if (Number.isNaN(date.getTime())) {
    throw new UsageError(
      "--since takes a duration such as 12h or 7d, or a date such as 2026-03-01",
    );
  }
  return date;
}

/** What it continues from, the entries, and how many there are, so that a cut file shows. */
async function* linesOf({ record }: Store, since: Date | null): AsyncGenerator<string> {
  const progress = progressOnStderr((entries) => `${entries} entries`);
  const start = await record.exportFrom(since);
  yield line({ record: "countersign", version: 1, ...start });
  let last = { seq: start.from - 1, hash: start.before };
  for await (const entries of record.entriesFrom(start)) {
    yield entries.map(line).join("");
    last = entries.at(-1) ?? last;
    progress.show(last.seq - start.from + 1);
  }
  progress.end();
  yield line({ end: last.seq, head: last.hash });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

async function writeTo(path: string, lines: Readable): Promise<void> {
  try {
    await pipeline(lines, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new CommandFailed(`${path} is there already: give --out another name`, { cause: error });
  }
}
