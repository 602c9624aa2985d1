import { loadConfig } from "../config.ts";
import type { CliCommand } from "./command.ts";
import { openBeside } from "./open.ts";
import { print } from "./output.ts";

export const auditVerify: CliCommand = {
  name: "audit verify",
  usage: "audit verify [--json]",
  summary: "Recomputes the record's hash chain and names the first entry that does not fit",
  options: { json: { type: "boolean" } },
  maxWords: 0,
  async run({ options }) {
    const store = openBeside(loadConfig());
    try {
      const found = await store.record.verify();
      const isWhole = found.firstBroken === null;
      print({ ok: isWhole, ...found }, options.json === true, () =>
        isWhole
          ? `The record is whole: ${found.entries} entries, head ${found.head}`
          : `The record is broken at entry ${found.firstBroken}: it, or what came before it, was changed`,
      );
      return isWhole;
    } finally {
      store.close();
    }
  },
};
