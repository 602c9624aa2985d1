import type { Offer, Opinion, OpinionAnswer, Summary } from "./opinion.ts";
import type { Known } from "./reading.ts";

const RISKS = { low: 0, medium: 1, high: 2 } as const;
const LINK_REMOVED = "[link removed]";

type Checked = Pick<
  Opinion,
  | "isInsufficient"
  | "cause"
  | "impact"
  | "impactCites"
  | "confidence"
  | "cites"
  | "hypotheses"
  | "pick"
  | "risk"
  | "steps"
  | "prevention"
  | "commands"
  | "unsupported"
  | "dropped"
> & { readonly summaries: readonly Summary[] };

/**
 * A model's answer is read like anything else from outside: what names something that does not exist is dropped, what
 * states something that nobody measured is marked, and nothing in it reaches an offer or lowers a risk (T27 to T29).
 */
export function checkOpinion(
  answer: OpinionAnswer,
  known: Known,
  told: readonly Summary[] = [],
): Checked {
  const dropped: string[] = [];
  const ids = new Set(
    known.evidence.filter((item) => item.status === "found").map((item) => item.id),
  );
  const citesOf = (named: readonly string[]) => {
    const unknown = named.filter((id) => !ids.has(id));
    if (unknown.length > 0)
      dropped.push(`cites what is not there: ${unknown.slice(0, 5).map(quoted).join(", ")}`);
    return [...new Set(named.filter((id) => ids.has(id)))];
  };
  const prose = (text: string) => withoutLinks(text, known.linkBases);

  const offer = known.offers.find(({ id }) => id === answer.offer) ?? null;
  if (answer.offer !== null && offer === null)
    dropped.push(`picks ${quoted(answer.offer)}, which was not offered`);
  const cites = citesOf(answer.cites);
  const isInsufficient = answer.insufficient_evidence || answer.cause.trim() === "";
  const commands = answer.commands.filter(
    (command) => known.isReadOnly(command) && prose(command) === command,
  );
  const unsafe = answer.commands.length - commands.length;
  if (unsafe > 0) dropped.push(`${unsafe} of its commands might change something`);

  const texts = [answer.cause, answer.impact, ...answer.hypotheses.map(({ text }) => text)];
  const summaries = told.map(({ by, text, cites: theirs }) => ({
    ...{ by, text: prose(text), cites: citesOf(theirs) },
  }));
  const said = [...texts, ...answer.immediate_steps, ...answer.prevention].map(prose);
  return {
    isInsufficient,
    cause: prose(answer.cause),
    impact: prose(answer.impact),
    impactCites: citesOf(answer.impact_cites),
    // Who cites nothing is not sure, whatever they say.
    confidence: isInsufficient || cites.length === 0 ? "low" : answer.confidence,
    cites,
    hypotheses: answer.hypotheses.map(({ text, verdict, cites: theirs }) => ({
      text: prose(text),
      verdict,
      cites: citesOf(theirs),
    })),
    pick:
      offer === null || isInsufficient
        ? null
        : { runbookId: offer.runbookId, actionId: offer.actionId },
    risk: offer === null ? null : raised(answer.risk, offer.risk),
    steps: answer.immediate_steps.map(prose),
    prevention: answer.prevention.map(prose),
    commands,
    summaries,
    unsupported: unsupportedIn([...said, ...summaries.map(({ text }) => text)], known),
    dropped,
  };
}

/** T28: risk goes up only. */
function raised(said: OpinionAnswer["risk"], declared: Offer["risk"]): "medium" | "high" | null {
  if (said === null || said === "low") return null;
  return RISKS[said] > RISKS[declared] ? said : null;
}

const URLS = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>"')\]]+|\bwww\.[^\s<>"')\]]+/gi;

/** T34: a link is a way out for data, and a card is read by people who press things. */
function withoutLinks(text: string, bases: readonly string[]): string {
  return text.replace(URLS, (url) =>
    bases.some((base) => isUnder(url, base)) ? url : LINK_REMOVED,
  );
}

function isUnder(url: string, base: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, pathname, search, username } = new URL(url);
  const { origin: baseOrigin, pathname: basePath } = new URL(base);
  const path = basePath.endsWith("/") ? basePath : `${basePath}/`;
  return (
    origin === baseOrigin && username === "" && search === "" && `${pathname}/`.startsWith(path)
  );
}

/** Numbers but those that count sentences or steps, snake_case names, addresses, and host names with a dot. */
const CLAIMS =
  /(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\d+(?:[.,]\d+)*(?:e[+-]?\d+)?%?|[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|io|dev|local|lan|internal|home|svc|cluster)\b)(?![\w])/gi;
const MOST_MARKED = 12;

/** T29: what was stated and stands in nothing that was shown, as it was written. */
function unsupportedIn(texts: readonly string[], { evidence, words }: Known): string[] {
  const shown = [...evidence.flatMap(({ title, text }) => [title, text]), ...words].join("\n");
  const claims = texts.flatMap((text) => text.replaceAll(LINK_REMOVED, "").match(CLAIMS) ?? []);
  const numbers = numbersIn(shown);
  const lower = shown.toLowerCase();
  return [...new Set(claims)]
    .filter((claim) =>
      /^[\d.,]+(?:e[+-]?\d+)?%?$/i.test(claim) && !isName(claim)
        ? !isShownNumber(claim, numbers)
        : !lower.includes(claim.toLowerCase()),
    )
    .slice(0, MOST_MARKED);
}

/** An address or a version: digits that no rounding applies to. */
function isName(text: string): boolean {
  return /^\d+(?:\.\d+){2}/.test(text);
}

function numbersIn(text: string): readonly number[] {
  return (text.match(/\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi) ?? []).map(Number);
}

/** As shown, or rounded to what was said, or as the percentage of a share. One digit counts things and proves nothing. */
function isShownNumber(claim: string, shown: readonly number[]): boolean {
  const isPercent = claim.endsWith("%");
  const text = claim
    .replace(/%$/, "")
    .replace(/,(?=\d{3}\b)/g, "")
    .replace(",", ".");
  const value = Number(text);
  if (!isPercent && /^\d$/.test(text)) return true;
  const [, decimals = ""] = text.split(".");
  const tolerance = 0.5 * 10 ** -decimals.length + 1e-9;
  return shown.some(
    (one) =>
      Math.abs(one - value) <= tolerance || (isPercent && Math.abs(one * 100 - value) <= tolerance),
  );
}

function quoted(text: string): string {
  return `"${text.slice(0, 12)}"`;
}
