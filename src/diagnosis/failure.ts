import { ModelFailed } from "./model.ts";

/**
 * One reading of what goes wrong, whichever provider it was. What the server itself wrote is left out: it may repeat
 * the prompt or name the key.
 *
 * @param problem an HTTP status, or what a client library threw: they name their errors alike
 */
export function failureOf(provider: string, problem: unknown, timeoutMs: number): ModelFailed {
  const failed = (kind: ModelFailed["kind"], text: string) =>
    new ModelFailed(kind, `${provider} ${text}`, { cause: problem });
  const status = typeof problem === "number" ? problem : statusOf(problem);
  switch (status) {
    case "late":
      return failed(
        "too_late",
        `gave no answer within ${timeoutMs / 1000} s (LLM_TIMEOUT_SECONDS)`,
      );
    case "unreachable":
      return failed("unreachable", "can't be reached");
    case "unreadable":
      return failed("misunderstood", "answered something that can't be read");
    case 401:
    case 403:
      return failed(
        "not_allowed",
        `answers ${status}: is the key right, and may it use this model?`,
      );
    case 402:
      return failed("not_allowed", "answers 402: the account has no credit left");
    case 404:
      return failed("not_allowed", "answers 404: is LLM_MODEL right, and the base URL?");
    case 408:
    case 409:
    case 429:
      return failed("busy", `is busy (${status})`);
    default:
      return status >= 500
        ? failed("busy", `has a fault of its own (${status})`)
        : failed("misunderstood", `refuses the question (${status})`);
  }
}

function statusOf(error: unknown): number | "late" | "unreachable" | "unreadable" {
  if (!(error instanceof Error)) return "unreadable";
  if ("status" in error && typeof error.status === "number") return error.status;
  const name = `${error.name} ${error.constructor.name}`;
  if (/Timeout|Abort/.test(name)) return "late";
  return /Connection|TypeError/.test(name) ? "unreachable" : "unreadable";
}
