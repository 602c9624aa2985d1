import { setTimeout as sleep } from "node:timers/promises";

const MINUTE_MS = 60_000;

/** The time as a chat knows it; only tests move it by hand. */
export interface Clock {
  now(): number;
  /** Ends early, without an error, when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const CLOCK: Clock = {
  now: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

export interface PaceLimits {
  /** Between two messages to the chat. */
  readonly minGapMs: number;
  readonly sendsPerMinute: number;
  readonly editsPerMinute: number;
  /** Of each minute's sends and edits, what only people's doings may use. */
  readonly reserved: number;
}

/** Telegram's published limits with a margin: one message a second, and 20 a minute in a group. */
export const GROUP_CHAT: PaceLimits = {
  minGapMs: 1050,
  sendsPerMinute: 19,
  editsPerMinute: 19,
  reserved: 5,
};
export const PRIVATE_CHAT: PaceLimits = { ...GROUP_CHAT, sendsPerMinute: 50, editsPerMinute: 50 };
/** Slack's: one message a second in a channel; edits are counted for the whole workspace, 50 a minute. */
export const SLACK_CHANNEL: PaceLimits = {
  minGapMs: 1050,
  sendsPerMinute: 55,
  editsPerMinute: 48,
  reserved: 12,
};

/** What people cause goes first, then new incidents, then what the program does by itself. */
export type Lane = "person" | "new" | "machine";

export type Pace = ReturnType<typeof createPace>;

/** Keeps one chat within its platform's limits, so that an approval never waits behind a storm. */
export function createPace(limits: PaceLimits, now: () => number = Date.now) {
  const times: Record<"send" | "edit", number[]> = { send: [], edit: [] };
  let pausedUntil = 0;

  /** How long to wait before the next call of that kind; 0 means now. */
  function waitMs(kind: "send" | "edit", lane: Lane): number {
    const at = now();
    // A clock that was set back must not hold the chat up until it has caught up.
    const recent = times[kind].filter((time) => time <= at && at - time < MINUTE_MS);
    times[kind] = recent;
    const budget = kind === "send" ? limits.sendsPerMinute : limits.editsPerMinute;
    const allowed = Math.max(1, lane === "person" ? budget : budget - limits.reserved);
    const oldest = recent[recent.length - allowed];
    const byBudget = oldest === undefined ? 0 : oldest + MINUTE_MS - at;
    const last = recent.at(-1);
    const hasGap = kind === "send" || lane !== "person";
    const byGap = last === undefined || !hasGap ? 0 : last + limits.minGapMs - at;
    return Math.max(0, pausedUntil - at, byBudget, byGap);
  }

  function spend(kind: "send" | "edit"): void {
    times[kind].push(now());
  }

  /** The platform counts from when a call reached it, which is later than when it was begun. */
  function done(kind: "send" | "edit"): void {
    const begun = times[kind].pop();
    if (begun !== undefined) times[kind].push(now());
  }

  /** The platform asked for silence, or can't be reached. */
  function pause(ms: number): void {
    pausedUntil = Math.max(pausedUntil, now() + ms);
  }

  return { waitMs, spend, done, pause };
}
