import { Cron } from "croner";
import { z } from "zod";
import { Duration } from "./duration.ts";
import { Matchers, Values } from "./matchers.ts";
import { ExecutorName } from "./runbook.ts";

/** `policy.yaml` as people write it; what is left out has the value it has without the file. */
export const ROLES = ["viewer", "operator", "approver", "admin"] as const;
export type Role = (typeof ROLES)[number];
/** In `escalation.to`: whoever the rota names at that moment. */
export const ON_CALL = "on_call";

const MINUTE = 60_000;
const PlainName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/, "must be plain letters, digits and . _ : @ -");

const PersonEntry = z.strictObject({
  name: PlainName.refine((name) => !ROLES.some((role) => role === name), {
    error: "must not be the name of a role",
  })
    .refine((name) => name !== ON_CALL, {
      error: "must not be on_call, which means whoever the rota names",
    })
    .refine((name) => !name.startsWith("api:"), {
      error: "must not begin with api: so that nobody is taken for a program's key",
    }),
  telegram: z.int("must be the numeric id that /whoami shows").positive().optional(),
  slack: z
    .string()
    .regex(/^[A-Z0-9]+:[A-Z0-9]+$/, "must be team and member as /whoami shows it, such as T01:U01")
    .optional(),
  roles: z.array(z.enum(ROLES)).min(1, "must name at least one role"),
});

const ApiKey = z.strictObject({
  name: PlainName,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits, the SHA-256 of the key"),
  may_propose: z.array(z.string()).default([]),
});

const Quorum = z.int().min(1, "must be at least 1");
const Positive = Duration.refine((milliseconds) => milliseconds > 0, {
  error: "must be longer than nothing",
});

interface Times {
  readonly quorum: number;
  readonly remind: number;
  readonly escalate: number;
  readonly expires: number;
  readonly reason: "required" | "optional";
}

function approvalRule(usual: Times) {
  return z
    .strictObject({
      approvers: z.string().default("approver"),
      quorum: Quorum.default(usual.quorum),
      remind: Duration.default(usual.remind * MINUTE),
      escalate: Duration.default(usual.escalate * MINUTE),
      expires: Positive.default(usual.expires * MINUTE),
      reason: z.enum(["required", "optional"]).default(usual.reason),
    })
    .prefault({});
}

/** What an action has to show on a target before anybody is asked to let it run unasked there. */
const Earned = z.strictObject({
  verified_in_a_row: z.int().min(1).max(100, "must be at most 100").default(10),
  none_rejected_in: Positive.default(30 * 24 * 60 * MINUTE),
});

const Low = z.strictObject({
  auto: z
    .union([z.boolean(), z.literal("earned")], { error: "must be true, false or earned" })
    .default(true),
  earned: Earned.prefault({}),
});

const Approval = z.strictObject({
  low: Low.prefault({}),
  medium: approvalRule({ quorum: 1, remind: 5, escalate: 8, expires: 15, reason: "optional" }),
  high: approvalRule({ quorum: 2, remind: 3, escalate: 6, expires: 10, reason: "required" }),
});

const Limits = z.strictObject({
  executions_per_hour: z.int().min(0).default(10),
  targets_per_plan: z.int().min(1).default(1),
  breaker: z
    .strictObject({ failures: z.int().min(1).default(3), open: Positive.default(60 * MINUTE) })
    .prefault({}),
});

const CronTimes = z.string().refine(isCron, {
  error: "is not a cron expression, such as 0 2 * * *",
});

export const FreezeEntry = z.strictObject({
  title: z.string().min(1),
  cron: CronTimes,
  for: Positive,
});

const NO_TIME = "must be a date and a time of this machine's clock, such as 2026-12-24 09:00";
const LocalTime = z.string(NO_TIME).transform((text, context) => {
  const at = localTime(text);
  if (at === null) context.addIssue({ code: "custom", message: NO_TIME });
  return at ?? z.NEVER;
});
const TimeSpan = { from: LocalTime, to: LocalTime };
const isForwards = ({ from, to }: { readonly from: Date; readonly to: Date }) => from < to;
const BACKWARDS = { path: ["to"], error: "must be later than from" };

/** Each of `people` for a week, in turn; the first takes over at `starts`, the others at the same time of the week. */
const RotaEntry = z.strictObject({
  people: z.array(z.string()).min(1, "must name at least one person"),
  starts: LocalTime,
  overrides: z
    .array(z.strictObject({ ...TimeSpan, person: z.string() }).refine(isForwards, BACKWARDS))
    .default([]),
});

const TIMES = "must have cron and for, or from and to";
const SCOPE = "must name targets, or what to match, and not both; a freeze is for everything";

/** Nothing runs on these targets, or for these alerts, and nobody is called about them. */
const MaintenanceEntry = z
  .strictObject({
    title: z.string().min(1),
    targets: z.array(z.string()).min(1).optional(),
    match: Matchers.optional(),
    cron: CronTimes.optional(),
    for: Positive.optional(),
    from: LocalTime.optional(),
    to: LocalTime.optional(),
  })
  .transform(({ title, targets = [], match = {}, cron, for: forMs, from, to }, context) => {
    const problem = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (targets.length > 0 === Object.keys(match).length > 0) return problem(SCOPE);
    const isDated = from !== undefined || to !== undefined;
    const scope = { title, targets, match };
    if (cron !== undefined && forMs !== undefined && !isDated) {
      return { ...scope, when: { cron, forMs } };
    }
    if (!from || !to || cron !== undefined || forMs !== undefined) return problem(TIMES);
    return isForwards({ from, to })
      ? { ...scope, when: { from, to } }
      : problem("must have a to that is later than its from");
  });

/** A service's own address: what is in it is fixed, so nothing else may be. */
const BaseUrl = z
  .string("must be the service's address, such as https://router.lan:8443")
  .regex(
    /^https?:\/\/(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?(?:\/[\w~-][\w.~-]*)*$/,
    "must be the service's address, such as https://router.lan:8443, in lower case, without user, query or a slash at its end",
  )
  .refine((url) => URL.canParse(url), "is no address that can be asked");

const NO_GUEST = "must be lxc: or vm: and the guest's number, such as lxc:105";
const Guest = z.string(NO_GUEST).regex(/^(?:lxc|vm):[1-9]\d{2,8}$/, NO_GUEST);

const NO_OBJECT =
  "must be namespace:deployment:name (or statefulset, daemonset) or node:name, such as default:deployment:web";
const ClusterObject = z
  .string(NO_OBJECT)
  .regex(
    /^(?:node|[a-z0-9-]+:(?:deployment|statefulset|daemonset)):[a-z0-9][a-z0-9.-]*$/,
    NO_OBJECT,
  );

/** Where a host is more than a machine's name. */
const HOSTS: Partial<Record<ExecutorName, z.ZodType<string>>> = {
  http: BaseUrl,
  proxmox: Guest,
  kubernetes: ClusterObject,
};

const TokenFile = z.string().regex(/^\/[\w\-./@+]+$/, "must be the absolute path of a file");

const TargetEntry = z
  .strictObject({
    executor: ExecutorName,
    host: z.string().optional(),
    aliases: z.array(PlainName).default([]),
    labels: z.record(z.string(), z.string("must be a text; quote it")).default({}),
    token_file: TokenFile.optional(),
  })
  .superRefine(({ executor, host, token_file: tokenFile }, context) => {
    const isHttp = executor === "http";
    const Host = HOSTS[executor] ?? PlainName.optional();
    const problem = (key: string, message: string) =>
      context.addIssue({ code: "custom", path: [key], message });
    const parsed = Host.safeParse(host);
    if (!parsed.success) problem("host", parsed.error.issues[0]?.message ?? "is wrong");
    if (!isHttp && tokenFile !== undefined) problem("token_file", "is for executor: http only");
  });

const CronOrOff = z.union([z.literal(["off", false]).transform(() => null), CronTimes], {
  error: "must be a cron expression, such as 0 8 * * 1, or off",
});

/** Label matchers, and beside them the one key that is not a label. */
const Ignore = z
  .object({ deadman: Positive.optional() })
  .catchall(Values)
  .transform(({ deadman, ...match }) => ({ match: match as Matchers, deadman }))
  .refine(({ match }) => Object.keys(match).length > 0, {
    error: "would ignore every alert; name at least one label",
  });

const Route = z.strictObject({ match: Matchers, to: z.array(z.string()).min(1) });

/** What an outgoing body may be filled with; each is text from outside or our own. */
export const OUTGOING_WORDS = [
  "event",
  "title",
  "text",
  "severity",
  "icon",
  "incident",
  "link",
] as const;
export const OUTGOING_EVENTS = ["firing", "acknowledged", "resolved"] as const;

const NO_ADDRESS =
  "must be a whole http:// or https:// address, without user, password or placeholder";
const Outgoing = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: NO_ADDRESS }).refine((url) => {
    const { username, password, hash } = new URL(url);
    return username + password + hash === "" && !/[{}\s]/.test(url);
  }, NO_ADDRESS),
  method: z.enum(["POST", "PUT"]).default("POST"),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, "must be the name of a header"),
      z.string().regex(/^[ -~]{0,500}$/, "must be one line of plain letters"),
    )
    .default({}),
  body: z
    .json()
    .optional()
    .superRefine((body, context) => {
      for (const word of JSON.stringify(body ?? null).matchAll(/\{\{(.*?)\}\}/g)) {
        if (OUTGOING_WORDS.some((known) => known === word[1])) continue;
        const message = `has the unknown placeholder ${word[0]}; there are ${OUTGOING_WORDS.join(", ")}`;
        context.addIssue({ code: "custom", message });
      }
    }),
  token_file: TokenFile.optional(),
  events: z.array(z.enum(OUTGOING_EVENTS)).min(1).default(["firing", "resolved"]),
});
export const CHANNELS = ["telegram", "slack", "console", "pagerduty"] as const;
const OutgoingName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "must be lower case letters, digits and -")
  .refine((name) => !CHANNELS.some((channel) => channel === name), {
    error: "is the name of a channel",
  });

export const PolicyFile = z.strictObject({
  people: z.array(PersonEntry).default([]),
  api_keys: z.array(ApiKey).default([]),
  approval: Approval.prefault({}),
  escalation: z.strictObject({ to: z.string().default("admin") }).prefault({}),
  rota: RotaEntry.optional(),
  solo_mode: z
    .union([z.literal("auto"), z.boolean()], { error: "must be auto, true or false" })
    .default("auto"),
  limits: Limits.prefault({}),
  freeze: z.array(FreezeEntry).default([]),
  maintenance: z.array(MaintenanceEntry).default([]),
  shadow: z.boolean("must be true or false").default(false),
  /** Once a quarter, where nothing else is said. */
  drill: z.strictObject({ cron: CronTimes.default("0 10 1 1,4,7,10 *") }).optional(),
  reports: z
    .strictObject({
      day: CronOrOff.default("0 8 * * *"),
      week: CronOrOff.default("0 8 * * 1"),
      month: CronOrOff.default("0 8 1 * *"),
      handover: CronOrOff.default(null),
    })
    .prefault({}),
  protected: z.array(z.string().min(1)).default(["countersign"]),
  targets: z.record(PlainName, TargetEntry).default({}),
  outgoing: z.record(OutgoingName, Outgoing).default({}),
  alerts: z
    .strictObject({ ignore: z.array(Ignore).default([]), route: z.array(Route).default([]) })
    .prefault({}),
});
export type PolicyFile = z.output<typeof PolicyFile>;

function isCron(pattern: string): boolean {
  try {
    return new Cron(pattern, { mode: "5-or-6-parts" }).nextRun() !== null;
  } catch {
    // Croner says what it dislikes in terms of its own parser; the schema's sentence shows what is meant.
    return false;
  }
}

/** Null for what is no time, and for one that this machine's clock leaves out, as it does in spring. */
function localTime(text: string): Date | null {
  const [, ...digits] = /^(20\d\d)-(\d\d)-(\d\d) (\d\d):(\d\d)$/.exec(text) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = digits.map(Number);
  const at = new Date(year, month - 1, day, hour, minute);
  const isShown =
    at.getMonth() === month - 1 &&
    at.getDate() === day &&
    at.getHours() === hour &&
    at.getMinutes() === minute;
  return isShown ? at : null;
}
