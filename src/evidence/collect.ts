import type { EvidenceItem } from "./evidence.ts";
import type { Measurement } from "./measurement.ts";
import { redact } from "./redact.ts";

const MAX_TEXT_LENGTH = 2_000;

/** What a question found: in words, and where there are numbers, as they were measured. */
export interface Finding {
  readonly text: string;
  readonly measurements?: readonly Measurement[];
}

/** One thing to find out; `ask` may take its time, fail, or never end. */
export interface Question {
  readonly kind: EvidenceItem["kind"];
  readonly title: string;
  /** Null where there is nothing to say, which is no failure: an alert from elsewhere has no rule. */
  readonly ask: () => Promise<string | Finding | null>;
}

/** A number that the business lives by, as its owner wrote it down. */
export interface AskedKpi {
  /** Named as a metric is, so that its unit and kind can be told by it. */
  readonly id: string;
  readonly title: string;
  readonly promql: string;
  readonly better: "high" | "low";
}

/** What can be found out about one alert, by the sources that are configured. */
export interface Inquiry {
  /** What stands at the beginning: the rule that fired. */
  readonly first: readonly Question[];
  /** A query of a runbook; null where its source is not configured: that is not unknown, it is not there. */
  promql(title: string, query: string): Question | null;
  logql(title: string, query: string): Question | null;
  readonly later: readonly Question[];
  kpi(kpi: AskedKpi): Question | null;
}

export type Collected = Omit<EvidenceItem, "id">;

/** Asks everything at once. An answer that fails or comes too late is shown as missing, never left out. */
export async function collect(
  questions: readonly Question[],
  { deadlineMs, now }: { deadlineMs: number; now: () => Date },
): Promise<Collected[]> {
  const items = await Promise.all(
    questions.map(async ({ kind, title, ask }): Promise<Collected | null> => {
      const answer = await answerWithin(ask, deadlineMs);
      if (answer === null) return null;
      const { status, text, measurements = [] } = answer;
      const collectedAt = now();
      return { kind, title, status, text: bounded(redact(text)), measurements, collectedAt };
    }),
  );
  return items.filter((item) => item !== null);
}

async function answerWithin(
  ask: Question["ask"],
  deadlineMs: number,
): Promise<(Finding & Pick<EvidenceItem, "status">) | null> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${deadlineMs / 1000} s`)),
      deadlineMs,
    );
  });
  try {
    const answer = await Promise.race([ask(), tooLate]);
    if (answer === null) return null;
    return { status: "found", ...(typeof answer === "string" ? { text: answer } : answer) };
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
