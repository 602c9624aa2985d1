import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Line = z.looseObject({ promptHash: z.string(), scenarios: z.int(), at: z.string() });

export function readHistory(folder: string): readonly z.output<typeof Line>[] {
  const file = join(folder, "history.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => Line.parse(JSON.parse(line)));
}

/** T35: why this prompt may not ship yet, or null. */
export function whyNotEvaluated(
  history: readonly Pick<z.output<typeof Line>, "promptHash" | "scenarios">[],
  promptHash: string,
  scenarios: number,
): string | null {
  const lines = history.filter((line) => line.promptHash === promptHash);
  if (lines.length === 0) {
    return `no line in eval/history.jsonl has the prompt ${promptHash}: run npm run eval, and keep the line`;
  }
  if (lines.some((line) => line.scenarios >= scenarios)) return null;
  return `the prompt ${promptHash} was tried on fewer than today's ${scenarios} scenarios: run npm run eval`;
}
