import { setTimeout as sleep } from "node:timers/promises";
import type { CrashPoint } from "../../src/crash-points.ts";
import { CRASH_POINTS } from "../../src/crash-points.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";
import { findFreePort } from "../lab/peer-process.ts";
import type { Act, World } from "./acts.ts";
import { CHAT, createActs } from "./acts.ts";
import { createDice } from "./dice.ts";
import type { Judged } from "./judge.ts";
import { judge } from "./judge.ts";
import type { Figures } from "./outside.ts";
import { openOutside } from "./outside.ts";
import { startSource } from "./peers.ts";
import { createVictim } from "./program.ts";
import { policyText, runbookText } from "./runbook.ts";

const LONGEST_LIFE_MS = 4_000;
/** Chats and timers are slow. */
const PATIENT_LIFE_MS = 10_000;
const SLOW =
  /-(?:post|edit|reply|buttons|card-posted|card-shown|postpone|refusal|remind|escalate|rules|rules-told)$/;
const ACT_WITHIN_MS = 1_500;
/** Of each pass, how many lives end at no point but at any moment. */
const BY_CHANCE = 5;
/** How many lives a point gets in a round until one of them ends at it. */
const MOST_TRIES = 5;

/** What brings the program to points that little leads to. */
const AIMS: Partial<Record<string, Act>> = {
  "fire-again": "fireAgain",
  ask: "ask",
  review: "review",
  ack: "acknowledge",
  enable: "enable",
  disable: "disable",
  maintain: "maintain",
  "edit-plan": "editPlan",
  remind: "fire",
  escalate: "fire",
  refusal: "intrude",
  rules: "changePolicy",
  "rules-told": "changePolicy",
  end: "changePolicy",
  decide: "decide",
  refresh: "decideLate",
  claim: "decide",
  start: "decide",
  run: "decide",
  finish: "decide",
  verify: "decide",
  postpone: "decide",
  buttons: "fire",
  post: "fire",
};
/** Where the life before has to end for a point to mean something. */
const BEFORE: Partial<Record<CrashPoint, CrashPoint>> = {
  "before-release": "after-claim",
  "after-release": "after-claim",
  "before-give-up": "after-start",
  "after-give-up": "after-start",
  "before-review": "after-run",
  "after-review": "after-run",
};

export interface Options {
  /** Passes over every crash point. */
  readonly rounds: number;
  readonly seed: number;
  /** All, where nothing is said. */
  readonly points?: readonly CrashPoint[];
  readonly say: (line: string) => void;
  /** When to stop, however many rounds are left. */
  readonly withinMs?: number;
}

export interface Tortured extends Figures, Judged {
  readonly points: ReadonlyMap<CrashPoint, number>;
}

/** Kills the real program at every named point and at any moment, starts it again, and counts from outside. */
export async function torture(options: Options): Promise<Tortured> {
  const { rounds, seed, say, points = CRASH_POINTS, withinMs } = options;
  const until = Date.now() + (withinMs ?? Number.POSITIVE_INFINITY);
  const dice = createDice(seed);
  const sent: World["sent"] = new Map();
  const approvals: World["approvals"] = new Map();
  const source = await startSource(() =>
    [...sent.values()].filter(({ status }) => status === "firing").map(({ labels }) => labels),
  );
  const telegram = await startFakeTelegram({ chats: [{ id: CHAT }] });
  const settings = {
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_CHAT_ID: String(CHAT),
    TELEGRAM_API_ROOT: telegram.url,
    ALERTMANAGER_URL: source.url,
  };
  const victim = createVictim(settings, await findFreePort());
  victim.writeRunbook("torture.md", runbookText(victim.script));
  victim.writeRunbook("policy.yaml", policyText(0, "15m"));
  const reached = new Map<CrashPoint, number>(points.map((point) => [point, 0]));
  let kills = 0;

  const lint = await victim.command(["runbooks", "lint"]);
  if (lint.code !== 0) throw new Error(lint.stdout + lint.stderr);
  const first = await victim.live(null);
  const consoles = { ana: await victim.signIn("ana"), ben: await victim.signIn("ben") };
  const outside = openOutside(victim.database);
  const world = { victim, telegram, outside, consoles, dice, sent, approvals };
  const acts = createActs(world);
  await consoles.ana.enableAutohealing();
  await first.kill();
  kills += 1;

  async function lifeThatEndsAt(
    point: CrashPoint | null,
    mostHits = 1,
    mostMs = LONGEST_LIFE_MS,
  ): Promise<boolean> {
    const hit = 1 + dice.whole(mostHits);
    const one = await victim.live(point === null ? null : `${point}#${hit}`);
    const deadline = Date.now() + mostMs * one.slowness;
    const aim = AIMS[point?.replace(/^(?:before|after)-/, "") ?? ""] ?? null;
    while (!one.isOver() && Date.now() < deadline) {
      // Whatever it was about may be cut off: that is what this is for.
      await Promise.race([
        acts.one(aim).catch(() => undefined),
        sleep(ACT_WITHIN_MS * one.slowness),
      ]);
      await sleep(dice.whole(40));
    }
    const endedAtPoint = one.isOver();
    await one.kill();
    kills += 1;
    return endedAtPoint;
  }

  /** Not every life comes by every point: it takes as many as it takes, within reason. */
  async function killAt(point: CrashPoint): Promise<void> {
    const before = BEFORE[point];
    const isRare = before !== undefined || SLOW.test(point);
    for (let tries = 1; tries <= MOST_TRIES && Date.now() < until; tries += 1) {
      if (before !== undefined && (await lifeThatEndsAt(before))) count(before);
      const isFirst = tries === 1;
      const mostHits = isRare || !isFirst ? 1 : 3;
      const mostMs = isFirst && !SLOW.test(point) ? LONGEST_LIFE_MS : PATIENT_LIFE_MS;
      if (await lifeThatEndsAt(point, mostHits, mostMs)) return count(point);
    }
  }

  function count(point: CrashPoint): void {
    reached.set(point, (reached.get(point) ?? 0) + 1);
  }

  try {
    let done = 0;
    while (done < rounds && Date.now() < until) {
      for (const point of dice.shuffled([...points, ...Array(BY_CHANCE).fill(null)])) {
        if (Date.now() > until) break;
        await (point === null ? lifeThatEndsAt(null, 1, dice.whole(2_000)) : killAt(point));
      }
      // One that was cut short is no round.
      if (Date.now() <= until) done += 1;
      say(`round ${done}: ${kills} kills, ${sent.size} alerts, ${victim.traces().length} runs`);
    }
    const judged = await judge(world, acts, await victim.live(null));
    return { rounds: done, kills, points: reached, ...judged };
  } finally {
    outside.close();
    victim.clear();
    await telegram.stop();
    await source.stop();
  }
}
