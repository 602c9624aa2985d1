import { z } from "zod";
import type { IncomingAlert, Labels } from "../incident/alert.ts";
import { fingerprintOf } from "../incident/alert.ts";
import type { AlertGroup } from "../incident/alert-group.ts";

const Text = z.string();
/** More than a real body of 4 MiB can hold. */
const MAX_ALERTS = 20_000;

/** No sender nests further; what can't be written down again must not be taken in. */
const MAX_DEPTH = 32;

/** Alertmanager's has 16 digits; something else in that place is no identity worth keeping. */
const MAX_FINGERPRINT_LENGTH = 128;

const LabelSet = z.record(Text, Text);

/** `null` and a missing key mean the same to every sender we know, and so does Go's zero time, in the year 1. */
const Time = z.iso
  .datetime({ offset: true, error: "must be a time such as 2025-10-24T10:30:00Z" })
  .nullish()
  .transform((text) => {
    const time = text == null ? null : new Date(text);
    return time === null || time.getUTCFullYear() <= 1 ? null : time;
  });

const AlertBody = z.looseObject({
  status: z.enum(["firing", "resolved"]).nullish(),
  labels: LabelSet,
  annotations: LabelSet.nullish(),
  startsAt: Time,
  endsAt: Time,
  generatorURL: Text.nullish(),
  fingerprint: Text.nullish(),
});

const groupFields = {
  groupKey: Text.nullish(),
  truncatedAlerts: z.int().nonnegative().nullish(),
  status: z.enum(["firing", "resolved"]).nullish(),
  receiver: Text.nullish(),
  groupLabels: LabelSet.nullish(),
  commonLabels: LabelSet.nullish(),
  commonAnnotations: LabelSet.nullish(),
  externalURL: Text.nullish(),
  alerts: z
    .array(AlertBody)
    .max(
      MAX_ALERTS,
      `must be at most ${MAX_ALERTS}: set max_alerts in Alertmanager's webhook_config`,
    ),
};

function OnlyVersion(version: string, sender: string) {
  return z.literal(version, {
    error: ({ input }) =>
      `this endpoint takes ${sender}'s webhook version "${version}", not ${JSON.stringify(input)}`,
  });
}

/** The webhook body of Alertmanager, version "4"; keys we do not know are kept. */
const AlertmanagerBody = z.looseObject({
  version: OnlyVersion("4", "Alertmanager").nullish(),
  ...groupFields,
});

/** Grafana's own: it numbers its versions anew, and names the organisation. */
const GrafanaBody = z.looseObject({
  version: OnlyVersion("1", "Grafana"),
  orgId: z.int(),
  ...groupFields,
});

const BODIES = {
  alertmanager: AlertmanagerBody,
  grafana: GrafanaBody,
  drill: AlertmanagerBody,
};

/** Who may post alerts, each to its own address. */
export type Sender = keyof typeof BODIES;

type AlertBody = z.infer<typeof AlertBody>;

export type Parsed =
  | { readonly ok: true; readonly group: AlertGroup }
  | { readonly ok: false; readonly problems: readonly { path: string; message: string }[] };

/** Unknown JSON to an alert group, or every place where it is not one. */
export function parseWebhook(
  body: unknown,
  receipt: { source: Sender; trust: AlertGroup["trust"]; receivedAt: Date },
): Parsed {
  const deep = tooDeep(body, []);
  if (deep !== null) {
    const message = `nests deeper than ${MAX_DEPTH} levels`;
    return { ok: false, problems: [{ path: jsonPath(deep), message }] };
  }
  const Body = BODIES[receipt.source];
  const parsed = Body.safeParse(body);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues
        .slice(0, 10)
        .map(({ path, message }) => ({ path: jsonPath(path), message })),
    };
  }
  const { alerts, ...rest } = parsed.data;
  return {
    ok: true,
    group: {
      ...receipt,
      groupKey: rest.groupKey || null,
      receiver: rest.receiver ?? null,
      groupLabels: rest.groupLabels ?? {},
      externalUrl: rest.externalURL ?? null,
      truncatedAlerts: rest.truncatedAlerts ?? 0,
      alerts: alerts.map((alert) => toAlert(alert, rest.status ?? null, receipt.receivedAt)),
      extra: unknownKeys(rest, Body.shape),
    },
  };
}

function toAlert(
  body: AlertBody,
  groupStatus: IncomingAlert["status"] | null,
  receivedAt: Date,
): IncomingAlert {
  const isOver = body.endsAt !== null && body.endsAt <= receivedAt;
  const labels: Labels = body.labels;
  const fingerprint = body.fingerprint || fingerprintOf(labels);
  return {
    fingerprint: fingerprint.length <= MAX_FINGERPRINT_LENGTH ? fingerprint : fingerprintOf(labels),
    status: body.status ?? groupStatus ?? (isOver ? "resolved" : "firing"),
    startsAt: body.startsAt,
    endsAt: body.endsAt,
    labels,
    annotations: body.annotations ?? {},
    generatorUrl: body.generatorURL || null,
    extra: unknownKeys(body, AlertBody.shape),
  };
}

function unknownKeys(
  body: Readonly<Record<string, unknown>>,
  known: object,
): Record<string, unknown> | null {
  const extra = Object.entries(body).filter(([key]) => !Object.hasOwn(known, key));
  // Without a setter behind `__proto__`: `fromEntries` defines keys, whatever they are called.
  return extra.length === 0 ? null : Object.fromEntries(extra);
}

/** Where it nests deeper than anything we could store. */
function tooDeep(value: unknown, path: readonly PropertyKey[]): readonly PropertyKey[] | null {
  if (typeof value !== "object" || value === null) return null;
  if (path.length === MAX_DEPTH) return path;
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const key of keys) {
    const found = tooDeep((value as Record<PropertyKey, unknown>)[key], [...path, key]);
    if (found !== null) return found;
  }
  return null;
}

/** `alerts[2].labels.severity`, as a person would write it. */
export function jsonPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number"
        ? `${text}[${key}]`
        : text === ""
          ? String(key)
          : `${text}.${String(key)}`,
    "",
  );
}
