import type { EvidenceItem } from "./evidence.ts";
import { redact } from "./redact.ts";

const MAX_TEXT_LENGTH = 2_000;

/** One thing to find out; `ask` may take its time, fail, or never end. */
export interface Question {
  readonly kind: EvidenceItem["kind"];
  readonly title: string;
  readonly ask: () => Promise<string>;
}

/** Asks everything at once. An answer that fails or comes too late is shown as missing, never left out. */
export function collect(
  questions: readonly Question[],
  { deadlineMs, now }: { deadlineMs: number; now: () => Date },
): Promise<Omit<EvidenceItem, "id">[]> {
  return Promise.all(
    questions.map(async ({ kind, title, ask }) => {
      const answer = await answerWithin(ask, deadlineMs);
      return { kind, title, ...answer, text: bounded(redact(answer.text)), collectedAt: now() };
    }),
  );
}

async function answerWithin(
  ask: () => Promise<string>,
  deadlineMs: number,
): Promise<Pick<EvidenceItem, "status" | "text">> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${deadlineMs / 1000} s`)),
      deadlineMs,
    );
  });
  try {
    return { status: "found", text: await Promise.race([ask(), tooLate]) };
  } catch (error) {
    return { status: "missing", text: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

function bounded(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH) return text;
  // Never half of a character that takes two code units.
  const cut = text.slice(0, MAX_TEXT_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
  return `${cut} … (cut)`;
}
