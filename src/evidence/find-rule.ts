import type { Labels } from "../incident/alert.ts";
import type { AlertRule } from "./prometheus.ts";

/**
 * The rule that an alert came from. Of several with its name it is the one that fires with just these labels, then the
 * one whose own labels the alert has. Alertmanager's senders add labels of their own, so the alert may have more.
 */
export function findRule(rules: readonly AlertRule[], alert: Labels): AlertRule | null {
  const named = rules.filter(({ name }) => name === alert.alertname);
  const has = (labels: Labels) =>
    Object.entries(labels).every(([name, value]) => alert[name] === value);
  return (
    named.find(({ active }) => active.some(has)) ??
    // A label of a rule may be a template, which says nothing here.
    named.find(({ labels }) => has(withoutTemplates(labels))) ??
    null
  );
}

/** The labels that the rule's expression itself gives, of those the alert has. */
export function ownLabels(rule: AlertRule, alert: Labels): Labels {
  const added = new Set(["alertname", ...Object.keys(rule.labels)]);
  return Object.fromEntries(Object.entries(alert).filter(([name]) => !added.has(name)));
}

function withoutTemplates(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => !value.includes("{{")));
}
