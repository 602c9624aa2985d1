import type { CardAdapter } from "./chat/channel.ts";
import type { Place } from "./responder/ports.ts";
import type { Store } from "./store/store.ts";

/**
 * For drills: every place where a power cut could fall, by name. Around each durable write there is `before-…` and
 * `after-…`, around each call to a chat as well, and the responder names those between its own steps.
 */
const WRITES = [
  "intake",
  "fire-again",
  "findings",
  "refresh",
  "propose",
  "ask",
  "decide",
  "edit-plan",
  "remind",
  "escalate",
  "end",
  "release",
  "finish",
  "verify",
  "give-up",
  "bury",
  "review",
  "step-done",
  "postpone",
  "enable",
  "disable",
  "maintain",
  "ack",
  "rules",
  "rules-told",
  "refusal",
  "buttons",
  "card-posted",
  "card-shown",
] as const;
const CALLS = ["post", "edit", "reply"] as const;
const PLACES = [
  "before-looks",
  "before-plan",
  "before-look-again",
  "before-claim",
  "after-claim",
  "after-start",
  "after-run",
] as const satisfies readonly Place[];

type Around = (typeof WRITES)[number] | (typeof CALLS)[number];
export type CrashPoint = `before-${Around}` | `after-${Around}` | Place;
export type Reach = (point: CrashPoint) => void;

export const CRASH_POINTS: readonly CrashPoint[] = [
  ...[...WRITES, ...CALLS].flatMap((name) => [`before-${name}`, `after-${name}`] as const),
  ...PLACES,
];

interface Crash {
  readonly point: CrashPoint;
  readonly hit: number;
  readonly isHang: boolean;
}

/** `after-claim`, or `after-claim#3` for the third time it is reached, `hang:` in front; null for anything else. */
export function parseCrashPoint(text: string): Crash | null {
  const {
    hang,
    name,
    hit = "1",
  } = /^(?<hang>hang:)?(?<name>[a-z-]+)(?:#(?<hit>[1-9]\d{0,5}))?$/.exec(text)?.groups ?? {};
  const point = CRASH_POINTS.find((one) => one === name);
  return point === undefined ? null : { point, hit: Number(hit), isHang: hang !== undefined };
}

/** The process ends at this point as by a power cut, or blocks its loop for ever. */
export function crashAt(wanted: string | null): Reach {
  const found = wanted === null ? null : parseCrashPoint(wanted);
  let left = found?.hit ?? 0;
  return (point) => {
    if (point !== found?.point) return;
    left -= 1;
    if (left !== 0) return;
    while (found.isHang);
    process.kill(process.pid, "SIGKILL");
  };
}

function around(reach: Reach) {
  return <Args extends unknown[], Result>(
    name: Around,
    act: (...args: Args) => Promise<Result>,
  ): ((...args: Args) => Promise<Result>) => {
    return async (...args) => {
      reach(`before-${name}`);
      const result = await act(...args);
      reach(`after-${name}`);
      return result;
    };
  };
}

export function storeWithCrashPoints(store: Store, reach: Reach): Store {
  const between = around(reach);
  const { intake, incidents, findings, requests, executions, queue, switches, cards } = store;
  const { rules, refusals, runners } = store;
  return {
    ...store,
    intake: { accept: between("intake", intake.accept) },
    incidents: {
      ...incidents,
      fireAgain: between("fire-again", incidents.fireAgain),
      acknowledge: between("ack", incidents.acknowledge),
    },
    findings: {
      ...findings,
      save: between("findings", findings.save),
      refresh: between("refresh", findings.refresh),
    },
    requests: {
      ...requests,
      propose: between("propose", requests.propose),
      ask: between("ask", requests.ask),
      decide: between("decide", requests.decide),
      edit: between("edit-plan", requests.edit),
      remind: between("remind", requests.remind),
      escalate: between("escalate", requests.escalate),
      end: between("end", requests.end),
    },
    executions: {
      ...executions,
      release: between("release", executions.release),
      finish: between("finish", executions.finish),
      verify: between("verify", executions.verify),
      giveUpInterrupted: between("give-up", executions.giveUpInterrupted),
      markReviewed: between("review", executions.markReviewed),
    },
    runners: { ...runners, bury: between("bury", runners.bury) },
    queue: {
      ...queue,
      finish: between("step-done", queue.finish),
      finishAll: between("step-done", queue.finishAll),
      postpone: between("postpone", queue.postpone),
    },
    switches: {
      ...switches,
      enable: between("enable", switches.enable),
      disable: between("disable", switches.disable),
      maintain: between("maintain", switches.maintain),
    },
    rules: {
      ...rules,
      change: between("rules", rules.change),
      told: between("rules-told", rules.told),
    },
    refusals: { note: between("refusal", refusals.note) },
    cards: {
      ...cards,
      tokensFor: between("buttons", cards.tokensFor),
      posted: between("card-posted", cards.posted),
      shown: between("card-shown", cards.shown),
    },
  };
}

export function cardsWithCrashPoints(cards: CardAdapter, reach: Reach): CardAdapter {
  const between = around(reach);
  return {
    post: between("post", (card, tokens) => cards.post(card, tokens)),
    edit: between("edit", (messageId, card, tokens) => cards.edit(messageId, card, tokens)),
    reply: between("reply", (messageId, text) => cards.reply(messageId, text)),
    retire: (messageId, live) => cards.retire(messageId, live),
    picture: (messageId, picture) => cards.picture(messageId, picture),
    ...(cards.replacePicture && { replacePicture: cards.replacePicture }),
    pace: cards.pace,
  };
}
