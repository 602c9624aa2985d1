import type { Labels } from "../incident/alert.ts";
import { equal, escapeRegex, isUsable, quoted } from "./promql-text.ts";

/** Labels that say what an alert is, not what it is about. */
const ABOUT_THE_ALERT = new Set([
  ...["alertname", "alertgroup", "severity", "priority", "team", "runbook", "runbook_url"],
  ...["prometheus", "prometheus_replica", "replica", "monitor", "cluster", "receiver"],
]);
/** Labels that are part of a metric: they tell its series apart and mean nothing elsewhere. */
const OF_A_METRIC = new Set([
  ...["le", "quantile", "mode", "state", "type", "code", "status", "status_code", "method"],
  ...["reason", "result", "handler", "path", "route", "device", "fstype", "mountpoint", "cpu"],
]);
/** Groups of labels that name one thing, the narrowest first. */
const THINGS: readonly (readonly string[])[] = [
  ["namespace", "pod", "container"],
  ["namespace", "pod"],
  ["namespace", "deployment"],
  ["namespace", "statefulset"],
  ["namespace", "service"],
  ["instance", "name"],
  ["instance", "container"],
  ["name"],
  ["container"],
  ["service"],
  ["app"],
  ["instance", "job"],
];

/** A selector for what an alert is about, without its braces. */
export interface Scope {
  readonly selector: string;
  readonly words: string;
}

/**
 * The selectors to look around with, the narrowest first: the thing itself, then its machine; any other label only where
 * these select nothing. What they select is for Prometheus to say.
 */
export function scopesOf(labels: Labels): {
  readonly near: readonly Scope[];
  readonly else: readonly Scope[];
} {
  const usable = Object.fromEntries(
    Object.entries(labels).filter(
      ([name, value]) => isUsable(name, value) && !ABOUT_THE_ALERT.has(name),
    ),
  );
  const things = THINGS.filter((names) => names.every((name) => usable[name] !== undefined)).map(
    (names) => Object.fromEntries(names.map((name) => [name, usable[name] ?? ""])),
  );
  const scopes = things.map((thing) => scope(equal(thing), Object.values(thing).join(" ")));
  return { near: [...scopes, ...machine(usable)], else: anyLabel(usable) };
}

/** Whether it is a whole machine. */
export function isWide({ selector }: Scope): boolean {
  return /^(?:instance=~|host=|node=)/.test(selector);
}

/** One machine has several exporters, told apart by their ports. */
function machine({ instance, host, node }: Labels): Scope[] {
  const name = instance === undefined ? undefined : instance.replace(/:\d+$/, "");
  return [
    // An address with a path is asked for by an exporter elsewhere; it is a thing of its own.
    ...(name === undefined
      ? []
      : [
          /^https?:/.test(name)
            ? scope(equal({ instance: instance ?? "" }), instance ?? "")
            : scope([`instance=~${quoted(`${escapeRegex(name)}(:[0-9]+)?`)}`], name),
        ]),
    ...(host === undefined ? [] : [scope(equal({ host }), host)]),
    ...(node === undefined ? [] : [scope(equal({ node }), node)]),
  ];
}

function anyLabel(usable: Labels): Scope[] {
  return Object.entries(usable)
    .filter(([name]) => !OF_A_METRIC.has(name) && name !== "instance")
    .map(([name, value]) => scope(equal({ [name]: value }), value));
}

function scope(matchers: readonly string[], words: string): Scope {
  return { selector: matchers.join(", "), words };
}
