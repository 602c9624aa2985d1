import type { HealthReport } from "./health.ts";

/** In a few numbers how it stands, for a start page: counts only, nothing of what they count. */
export interface Standing {
  readonly status: HealthReport["status"];
  readonly autohealing: boolean;
  readonly openIncidents: number;
  readonly waitingRequests: number;
}

const CHARACTER = 6.6;
const PADDING = 16;

/** A small picture that another page may show. Word and number say it; colour only repeats it. */
export function badge({ status, openIncidents, waitingRequests }: Standing): string {
  const waiting = `${waitingRequests} waiting`;
  const words = status === "ok" ? `${openIncidents} open, ${waiting}` : `${status}, ${waiting}`;
  const colour = status !== "ok" ? "#a32a22" : waitingRequests > 0 ? "#8a5a00" : "#1d6b42";
  const [left, right] = [widthOf("countersign"), widthOf(words)];
  const text = (at: number, label: string) =>
    `<text x="${at}" y="14" text-anchor="middle">${label}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="countersign: ${words}"><title>countersign: ${words}</title><clipPath id="r"><rect width="${left + right}" height="20" rx="4"/></clipPath><g clip-path="url(#r)"><rect width="${left}" height="20" fill="#31407a"/><rect x="${left}" width="${right}" height="20" fill="${colour}"/></g><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${text(left / 2, "countersign")}${text(left + right / 2, words)}</g></svg>`;
}

function widthOf(text: string): number {
  return Math.round(text.length * CHARACTER + PADDING);
}
