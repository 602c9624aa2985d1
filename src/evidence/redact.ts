/** How the names end that secrets go by: DB_PASSWORD, x-api-key, clientSecret. */
const NAME =
  "(?:password|passwd|passphrase|secret|token|credentials?|private[_-]?key|api[_-]?key|access[_-]?key)";
const VALUE = `(?!\\[redacted\\])(?:"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|[^\\s"',;&]+)`;

/**
 * What looks like a secret, whatever carries it; the group `keep` stays readable. Values, not names, are taken out.
 * Every repetition that could begin anywhere is bounded, so that hostile text costs no more than its length.
 */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  /(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}/g,
  /\bxox[abeprs]-[\w-]{8,}|\bxapp-[\w-]{8,}/g,
  /(?<keep>\bhooks\.slack\.com\/(?:services|workflows)\/)[\w/-]{8,}/g,
  /\b(?:sk|rk|pk)[-_](?=[\w-]{0,80}\d)[\w-]{16,}/g,
  /\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}/g,
  /\b(?:npm|hf|glsa|dop_v1)_[A-Za-z0-9_]{20,}|\bAIza[\w-]{35}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(?<keep>\bauthorization["']?\s{0,9}[:=]\s{0,9}["']?(?:[a-z]{1,20}\s{1,9})?)[^\s"',;]+/gi,
  // Without the header's name: only what has a digit or padding in it, or "basic monitoring" would go.
  /(?<keep>\b(?:bearer|basic)\s{1,9})(?=[\w+/.~-]{0,400}[\d=])[\w+/=.~-]{8,}/gi,
  /(?<keep>\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,100}:)[^\s@/]{1,200}(?=@)/gi,
  new RegExp(`(?<keep>${NAME}\\b["']?\\s{0,9}[=:]\\s{0,9})${VALUE}`, "gi"),
  new RegExp(`(?<keep>(?<=--[\\w-]{0,40})${NAME}\\s{1,9})(?!-)${VALUE}`, "gi"),
];

/** What every one of them has in it, each in its simplest form: one look says of most texts that there is nothing to find. */
const MAY_BE =
  /-----BEGIN|\d:[\w-]{30}|xox|xapp-|hooks\.slack|[srp]k[-_]|gh[opsur]_|github_pat_|glpat-|npm_|hf_|glsa_|dop_v1_|AIza|AKIA|ASIA|eyJ|authorization|bearer|basic|:\/\/[^\s/@]{2,301}@|passw|passphrase|secret|token|credential|(?:private|api|access)[_-]?key/i;

/** Takes secrets out of text before it is stored, shown or sent anywhere. */
export function redact(text: string): string {
  if (!MAY_BE.test(text)) return text;
  return SECRETS.reduce(
    (clean, pattern) =>
      clean.replace(pattern, (...match) => {
        const groups = match.at(-1) as { keep?: string } | string;
        return `${typeof groups === "object" ? (groups.keep ?? "") : ""}[redacted]`;
      }),
    text,
  );
}
