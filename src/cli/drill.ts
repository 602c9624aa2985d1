import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import type { DrillType, Sight, Stage } from "../drill.ts";
import { DRILLS, drillAlert, lookAt } from "../drill.ts";
import { DRILL_PATH } from "../ingest/webhook.ts";
import { parseDuration } from "../remediation/duration.ts";
import type { Store } from "../store/store.ts";
import type { CliCommand, Options } from "./command.ts";
import { CommandFailed, UsageError } from "./command.ts";
import { parseLabels } from "./labels.ts";
import { openBeside } from "./open.ts";
import { print } from "./output.ts";
import { postAlert } from "./send-directly.ts";

const TYPES = Object.keys(DRILLS) as DrillType[];
const ALWAYS: readonly Stage[] = ["incident", "evidence", "diagnosis", "proposal"];
const CHECKS = {
  "validate-llm-response": "model",
  "check-slack-delivery": "slack",
  "check-telegram-delivery": "telegram",
} as const;
type Part = (typeof CHECKS)[keyof typeof CHECKS];
const LOOK_EVERY_MS = 50;
const END_WITHIN_MS = 10_000;

interface Wish {
  readonly type: DrillType;
  readonly alert: ReturnType<typeof drillAlert>;
  readonly stages: readonly Stage[];
  readonly timeoutMs: number;
}

interface Outcome {
  readonly stage: Stage | "received" | "over";
  readonly seen: boolean;
  readonly seconds: number | null;
  readonly detail: string;
}

export const drill: CliCommand = {
  name: "drill",
  usage: `drill [--alert-type ${TYPES.join("|")}] [--validate-llm-response] [--check-slack-delivery] [--check-telegram-delivery] [--without model|slack|telegram]… [--label k=v]… [--timeout 30s] [--json]`,
  details: `The alert is not real and says so on every card. Nothing is executed: what would be proposed
is shown and can't be approved. It ends itself, and counts in no statistics.

  --alert-type                 what to rehearse; cpu_spike where nothing is said
  --validate-llm-response      wait for the model's answer, parsed and checked (it is paid for)
  --check-slack-delivery       wait until the card is posted in Slack
  --check-telegram-delivery    wait until the card is posted in Telegram
  --without model              leave the model, or a chat, out: does the rest do without it?
  --label instance=web-01      aim it at something of yours: it is looked at, never touched
  --timeout 30s                for all stages together; a model may need 90s

Exit code 0 only if every stage was seen.`,
  summary: "Sends an alert that is not real through the running program, and times each stage",
  options: {
    "alert-type": { type: "string", default: "cpu_spike" },
    "validate-llm-response": { type: "boolean", default: false },
    "check-slack-delivery": { type: "boolean", default: false },
    "check-telegram-delivery": { type: "boolean", default: false },
    without: { type: "string", multiple: true, default: [] },
    label: { type: "string", multiple: true, default: [] },
    timeout: { type: "string", default: "30s" },
    json: { type: "boolean" },
  },
  maxWords: 0,
  async run({ options }) {
    const config = loadConfig();
    const wish = wishOf(options, config);
    const isJson = options.json === true;
    const told: Outcome[] = [];
    const tell = (outcome: Outcome) => {
      told.push(outcome);
      if (!isJson) process.stdout.write(`${lineOf(outcome)}\n`);
    };
    const incident = await rehearse(config, wish, tell);
    const isFine = told.every(({ seen }) => seen);
    const link = `${config.publicUrl}/incidents/${incident}`;
    print({ ok: isFine, alertType: wish.type, incident, link, stages: told }, isJson, () =>
      isFine
        ? `Every stage was seen. ${link}`
        : `Not every stage was seen within ${wish.timeoutMs / 1000} s. ${link}`,
    );
    return isFine;
  },
};

function wishOf(options: Options, config: Config): Wish {
  const type = TYPES.find((one) => one === options["alert-type"]);
  if (type === undefined) {
    const given = String(options["alert-type"]);
    throw new UsageError(`--alert-type is one of ${TYPES.join(", ")}, not "${given}"`);
  }
  const timeoutMs = parseDuration(String(options.timeout));
  if (timeoutMs === null) throw new UsageError("--timeout takes a duration such as 30s or 2m");
  const without = options.without as string[];
  const checks = checksOf(options, without, config);
  const more = parseLabels(options.label as string[]);
  return {
    type,
    alert: drillAlert(type, { name: `by-hand-${Date.now()}`, without, more }),
    stages: [...ALWAYS, ...checks],
    timeoutMs,
  };
}

/** The stages that were asked for beside the usual ones: each has to be possible. */
function checksOf(options: Options, without: readonly string[], config: Config): Part[] {
  const parts = Object.values(CHECKS);
  const unknown = without.find((one) => !parts.some((part) => part === one));
  if (unknown !== undefined) {
    throw new UsageError(`--without is one of ${parts.join(", ")}, not "${unknown}"`);
  }
  return Object.entries(CHECKS).flatMap(([flag, part]) => {
    if (options[flag] !== true) return [];
    if (without.includes(part)) {
      throw new UsageError(`--${flag} and --without ${part} exclude each other`);
    }
    if (config[part === "model" ? "llm" : part] === null) {
      throw new CommandFailed(`--${flag}: ${MISSING[part]}`);
    }
    return [part];
  });
}

const MISSING = {
  model: "no model is set (LLM_PROVIDER, ANTHROPIC_API_KEY and others; docs/model.md)",
  slack: "Slack is not set up (SLACK_BOT_TOKEN, SLACK_CHANNEL)",
  telegram: "Telegram is not set up (TELEGRAM_BOT_TOKEN, TELEGRAM_CHAT_ID)",
} as const;

/** From the first word to the last; what is never seen is told at the end. @returns the incident */
async function rehearse(
  config: Config,
  { alert, stages, timeoutMs }: Wish,
  tell: (outcome: Outcome) => void,
): Promise<string> {
  const startsAt = new Date();
  const since = performance.now();
  const elapsed = () => Math.round(performance.now() - since) / 1000;
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  // Should nobody end it, the running program does.
  const endsAt = new Date(startsAt.getTime() + timeoutMs + END_WITHIN_MS);
  const answer = await postAlert(config, DRILL_PATH, {
    ...alert,
    status: "firing",
    startsAt,
    endsAt,
  });
  const [incident] = answer.incidents;
  if (incident === undefined)
    throw new CommandFailed("Countersign took the drill and named no incident");
  tell({ stage: "received", seen: true, seconds: elapsed(), detail: "stored, and answered 200" });
  const store = openBeside(config);
  try {
    const left = await watch(store, incident, {
      ...{ stages, elapsed, tell, signal: interrupted.signal },
      timeoutMs,
    });
    for (const { stage, sight } of left) {
      tell({ stage, seen: false, seconds: null, detail: sight.detail });
    }
    await postAlert(config, DRILL_PATH, {
      ...alert,
      status: "resolved",
      startsAt,
      endsAt: new Date(),
    });
    tell({
      stage: "over",
      seen: true,
      seconds: elapsed(),
      detail: "resolved; nothing was executed",
    });
    return incident;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    store.close();
  }
}

/** Tells each stage when it is seen. @returns those that were not */
async function watch(
  store: Store,
  incident: string,
  about: {
    readonly stages: readonly Stage[];
    readonly elapsed: () => number;
    readonly tell: (outcome: Outcome) => void;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  },
): Promise<{ stage: Stage; sight: Sight }[]> {
  let left = about.stages;
  for (;;) {
    const sights = await looksAt(store, incident, left);
    for (const { stage, sight } of sights) {
      if (sight.state !== "seen") continue;
      about.tell({ stage, seen: true, seconds: about.elapsed(), detail: sight.detail });
    }
    const unseen = sights.filter(({ sight }) => sight.state !== "seen");
    left = unseen.map(({ stage }) => stage);
    const isHopeless = unseen.every(({ sight }) => sight.state === "failed");
    const isLate = about.elapsed() * 1000 >= about.timeoutMs;
    if (isHopeless || isLate || about.signal.aborted) return unseen;
    await sleep(LOOK_EVERY_MS);
  }
}

async function looksAt(store: Store, incident: string, stages: readonly Stage[]) {
  const view = await store.views.incident(incident);
  if (view === null) {
    throw new CommandFailed(
      `${incident} is not in the database this command reads: run it in the folder Countersign runs in, or set DATABASE_URL`,
    );
  }
  const cards = await store.cards.messagesOf(incident);
  return stages.map((stage) => ({ stage, sight: lookAt(stage, { view, cards }) }));
}

function lineOf({ stage, seen, seconds, detail }: Outcome): string {
  const time = seconds === null ? "  never" : `${seconds.toFixed(2).padStart(6)} s`;
  const flat = detail.replace(/\s+/g, " ").slice(0, 200);
  return `${seen ? "ok  " : "FAIL"}  ${time.padEnd(8)}  ${stage.padEnd(9)}  ${flat}`;
}
