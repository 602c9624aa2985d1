/** What looks like a secret, whatever carries it; the group `keep` stays readable. Values, not names, are taken out. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b\d{6,12}:[A-Za-z0-9_-]{30,}/g,
  /\bxox[abeprs]-[\w-]{8,}|\bxapp-[\w-]{8,}/g,
  /\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}/g,
  /\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(?<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}/gi,
  /(?<keep>\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gi,
  /(?<keep>\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)\b["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s"',;&]+)/gi,
];

/** Takes secrets out of text before it is stored, shown or sent anywhere. */
export function redact(text: string): string {
  return SECRETS.reduce(
    (clean, pattern) =>
      clean.replace(pattern, (...match) => {
        const groups = match.at(-1) as { keep?: string } | string;
        return `${typeof groups === "object" ? (groups.keep ?? "") : ""}[redacted]`;
      }),
    text,
  );
}
