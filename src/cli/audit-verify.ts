import { loadConfig } from "../config.ts";
import type { Anchor, RecordCheck } from "../store/record.ts";
import type { CliCommand } from "./command.ts";
import { UsageError } from "./command.ts";
import { openBeside } from "./open.ts";
import { print, progressOnStderr } from "./output.ts";

export const auditVerify: CliCommand = {
  name: "audit verify",
  usage: "audit verify [--anchor <entry:hash>]… [--json]",
  summary: "Recomputes the record's hash chain and names the first entry that does not fit",
  options: { anchor: { type: "string", multiple: true }, json: { type: "boolean" } },
  maxWords: 0,
  async run({ options }) {
    const given = Array.isArray(options.anchor) ? options.anchor.map(anchorOf) : [];
    const store = openBeside(loadConfig());
    const progress = progressOnStderr((entries) => `${entries} entries`);
    try {
      // What the program last told others is no proof against a forger of the file, but shows a tail that was lost.
      const last = await store.record.lastAnchor();
      const anchors = [...given, ...(last === null ? [] : [last])];
      const found = await store.record.verify({ anchors, onProgress: progress.show });
      progress.end();
      const isWhole = found.firstBroken === null && found.missed.length === 0;
      print({ ok: isWhole, ...found, lastAnchor: last }, options.json === true, () =>
        verdictOf(found),
      );
      return isWhole;
    } finally {
      store.close();
    }
  },
};

function verdictOf({ entries, head, firstBroken, missed: [missed] }: RecordCheck): string {
  if (firstBroken !== null) {
    return `The record is broken at entry ${firstBroken}: it, or what came before it, was changed`;
  }
  if (missed === undefined) return `The record is whole: ${entries} entries, head ${head}`;
  return missed.seq > entries
    ? `The record was cut: it ends at entry ${entries}, and an anchor saw entry ${missed.seq}`
    : `The record was written anew: entry ${missed.seq} is not the one an anchor saw`;
}

function anchorOf(text: string): Anchor {
  const { seq, hash } =
    /^(?<seq>[1-9]\d{0,14}):(?<hash>[0-9a-f]{12,64})$/i.exec(text)?.groups ?? {};
  if (seq === undefined || hash === undefined) {
    throw new UsageError(
      `--anchor "${text}" is none: it takes the entry's number, a colon, and 12 to 64 digits of its hash`,
    );
  }
  return { seq: Number(seq), hash };
}
