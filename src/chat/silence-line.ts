import type { IncidentView } from "./card.ts";

/** A value that a shell, amtool and a reader all take for what it looks like. */
const PLAIN = /^[\x20-\x7e]{0,200}$/;

/**
 * The command that silences exactly this incident's alerts in Alertmanager, for a person to run; null where a label
 * can't be written into one safely.
 */
export function silenceLine({ incident }: IncidentView, by: string): string | null {
  const [first, ...others] = incident.alerts;
  if (first === undefined) return null;
  const common = Object.entries(first.labels).filter(([name, value]) =>
    others.every(({ labels }) => labels[name] === value),
  );
  if (common.length === 0) return null;
  if (!common.every(([name, value]) => /^[A-Za-z_]\w*$/.test(name) && PLAIN.test(value))) {
    return null;
  }
  const matchers = common.map(([name, value]) => quoted(`${name}=${JSON.stringify(value)}`));
  const about = [`--author=${quoted(by)}`, `--comment=${quoted(incident.id)}`];
  return ["amtool silence add --duration=2h", ...about, ...matchers].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
