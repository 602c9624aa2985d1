import type { Matcher } from "./matchers.ts";
import { isMatch } from "./matchers.ts";
import type { Runbook } from "./runbook.ts";
import { isFallback } from "./runbook.ts";

/**
 * Alerts that more than one runbook is written for, as far as that can be seen in their matches: two
 * patterns are not compared. It may be meant so; whoever wrote the second should know what becomes of it.
 */
export function sharedAlerts(runbooks: readonly Runbook[]): string[] {
  const own = runbooks.filter((runbook) => !isFallback(runbook));
  return own.flatMap((first, at) =>
    own.slice(at + 1).flatMap((second) => {
      const names = [...new Set(sharedNames(first, second))].sort();
      if (names.length === 0) return [];
      const files = `runbooks/${first.id}.md and runbooks/${second.id}.md`;
      return [
        `${files} both match ${names.join(", ")}: cards show the evidence and the prose of ${first.id}, the first by name, and offer the actions of both`,
      ];
    }),
  );
}

function sharedNames(first: Runbook, second: Runbook): string[] {
  const labels = Object.keys(first.match).filter((label) => label !== "alertname");
  const canBeBoth = labels.every((label) => {
    const [one, other] = [first.match[label] ?? [], second.match[label]];
    if (other === undefined) return true;
    const arePatterns = [one, other].every((accepted) => accepted.some(isPattern));
    return arePatterns || accepts(one, other).length > 0 || accepts(other, one).length > 0;
  });
  if (!canBeBoth) return [];
  const [one, other] = [first.match.alertname, second.match.alertname];
  return [...accepts(one, other), ...accepts(other, one)];
}

/** Which of the texts written out in the second the first takes. */
function accepts(
  accepted: readonly Matcher[] | undefined,
  values: readonly Matcher[] | undefined,
): string[] {
  const matchers = accepted === undefined ? {} : { value: accepted };
  const texts = (values ?? []).filter((value) => !isPattern(value)).map(({ text }) => text);
  return texts.filter((value) => isMatch(matchers, { value }));
}

function isPattern({ pattern }: Matcher): boolean {
  return pattern !== null;
}
