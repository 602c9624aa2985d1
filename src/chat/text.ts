/** Bidi controls, zero-width and other characters that make text look like something it is not. */
const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text from outside as it may stand on a card: whole characters, plain newlines, nothing unseen. */
export function clean(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, "\n")
    .replace(INVISIBLE, (char) => `<${codePointOf(char)}>`)
    .replace(/(?!\n)\p{Cc}/gu, " ")
    .trim();
}

/**
 * Clients turn names, addresses and commands in plain text into links by themselves. A word joiner
 * is invisible and ends each of those patterns.
 */
export function inert(text: string): string {
  return text.replace(/[@#$/:+](?=[^\s\u2060])|\.(?=[\p{L}\p{N}_])/gu, "$&\u2060");
}

/** Never cuts a character in half. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, Math.max(0, max - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
}

export function oneLine(text: string, max: number): string {
  return cut(clean(text).replace(/\s+/g, " "), max);
}

/** The characters of an identifier that only look like ASCII, named: `х (U+0445)`. */
export function lookAlikesIn(text: string): string[] {
  const odd = text.match(/[^\x20-\x7e]/gu) ?? [];
  return [...new Set(odd)].map((char) =>
    /[\p{L}\p{N}\p{P}\p{S}]/u.test(char) ? `${char} (${codePointOf(char)})` : codePointOf(char),
  );
}

export function codePointOf(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

export function dateTime(at: Date, timeZone: string): string {
  const text = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    dateStyle: "short",
    timeStyle: "medium",
  }).format(at);
  return timeZone === "UTC" ? `${text} UTC` : text;
}

export function timeOfDay(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, timeStyle: "medium" }).format(at);
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
