import type { FakeTelegram } from "../fakes/telegram.ts";
import type { ConsoleClient } from "../scenarios/console-client.ts";
import type { Dice } from "./dice.ts";
import type { Outside, Waiting } from "./outside.ts";
import type { Victim } from "./program.ts";
import { BOXES, policyText } from "./runbook.ts";

export const CHAT = -100;
const ACCOUNTS = { ana: 7, ben: 8 } as const;
type Name = keyof typeof ACCOUNTS;
const NAMES: readonly [Name, Name] = ["ana", "ben"];
const GRADES = ["low", "low", "medium", "medium", "medium", "high", "none"] as const;
const MOST_FIRING = 12;

interface Sent {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  status: "firing" | "resolved";
  /** Alertmanager sends it until this is true, and so does the torture. */
  isAcknowledged: boolean;
}

export interface World {
  readonly victim: Victim;
  readonly telegram: FakeTelegram;
  readonly outside: Outside;
  readonly consoles: Readonly<Record<Name, ConsoleClient>>;
  readonly dice: Dice;
  readonly sent: Map<string, Sent>;
  /** Who sent an approval for which request, written down before it is sent. */
  readonly approvals: Map<string, Set<string>>;
}

/** What the alerts and the people do, in no order. Each may be cut off by the program's death. */
export function createActs(world: World) {
  const { victim, telegram, outside, consoles, dice, sent, approvals } = world;
  let lastNumber = sent.size;
  let policies = 0;

  async function deliver(alert: Sent): Promise<void> {
    const { labels, startsAt, status } = alert;
    const endsAt = status === "resolved" ? { endsAt: new Date().toISOString() } : {};
    const response = await fetch(`${victim.url}/webhook`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        version: "4",
        status,
        alerts: [{ labels, startsAt, status, ...endsAt }],
      }),
    });
    if (response.ok) alert.isAcknowledged = true;
    await response.text();
  }

  async function fire(): Promise<void> {
    const labels = {
      alertname: "Torture",
      severity: "warning",
      grade: dice.oneOf(GRADES),
      box: `box-${dice.whole(BOXES)}`,
      n: String(++lastNumber),
    };
    const startsAt = new Date().toISOString();
    const alert: Sent = { labels, startsAt, status: "firing", isAcknowledged: false };
    sent.set(labels.n, alert);
    await deliver(alert);
    const firing = [...sent.values()].filter(({ status }) => status === "firing");
    if (firing.length > MOST_FIRING) await resolve(firing[0] as Sent);
  }

  async function resolve(alert: Sent): Promise<void> {
    Object.assign(alert, { status: "resolved", isAcknowledged: false });
    await deliver(alert);
  }

  async function repeat(): Promise<void> {
    for (const alert of sent.values()) if (!alert.isAcknowledged) await deliver(alert);
  }

  /** Under its old start, as after a Prometheus that was away. Only what no action is written for: its run count is 0. */
  async function fireAgain(): Promise<void> {
    const over = [...sent.values()].filter(({ labels }) => labels.grade === "none");
    const alert = over[dice.whole(over.length)];
    if (alert === undefined) return;
    if (alert.status === "firing") await resolve(alert);
    Object.assign(alert, { status: "firing", isAcknowledged: false });
    await deliver(alert);
  }

  function note(requestId: string, name: Name): void {
    approvals.set(requestId, (approvals.get(requestId) ?? new Set()).add(name));
  }

  async function decide(): Promise<void> {
    const waiting = outside.waiting();
    const request = waiting[dice.whole(waiting.length)];
    if (request === undefined) return;
    const name = dice.oneOf(NAMES);
    if (dice.chance(0.12)) await consoles[name].reject(request.incidentId);
    else if (dice.chance(0.4)) write(name, `/approve ${request.planCode} seen it`, request);
    else await approveOnPage(name, request);
    if (request.risk === "high") {
      const other = name === "ana" ? "ben" : "ana";
      write(other, `/approve ${request.planCode} seen it too`, request);
    }
  }

  async function decideLate(): Promise<void> {
    outside.ageEvidence();
    await decide();
  }

  /** Another plan in its place, with a number of its own. */
  async function editPlan(): Promise<void> {
    const [request] = dice.shuffled(outside.waiting());
    if (request === undefined) return;
    const other = { "param.n": String(800_000 + ++lastNumber) };
    const page = `/incidents/${request.incidentId}`;
    await consoles[dice.oneOf(NAMES)].press(page, "Replace this request", other);
  }

  /** Somebody whom the policy does not list. */
  function intrude(): Promise<void> {
    telegram.pushMessage({ id: 666 }, CHAT, "/disable_autohealing");
    return Promise.resolve();
  }

  function write(name: Name, text: string, { id }: Waiting): void {
    note(id, name);
    telegram.pushMessage({ id: ACCOUNTS[name] }, CHAT, text);
  }

  async function approveOnPage(name: Name, { id, incidentId, planCode, risk }: Waiting) {
    note(id, name);
    const { approve, approveTyped } = consoles[name];
    await (risk === "high" ? approveTyped(incidentId, planCode, "seen it") : approve(incidentId));
  }

  /** Old cards and new ones; sometimes twice, as nervous people do. */
  async function press(): Promise<void> {
    const cards = telegram
      .messages(CHAT)
      .slice(-15)
      .flatMap(({ messageId, buttons }) =>
        buttons.flatMap(({ callback_data: data }) => (data ? [{ messageId, data }] : [])),
      );
    const button = cards[dice.whole(cards.length)];
    if (button === undefined) return;
    const name = dice.oneOf(NAMES);
    const [verb, token = ""] = button.data.split(":");
    const request = outside.requestOfToken(token);
    if (verb === "a" && request !== undefined) note(request, name);
    for (let times = dice.oneOf([1, 1, 2]); times > 0; times -= 1) {
      telegram.press(button.messageId, { data: button.data }, { id: ACCOUNTS[name] });
    }
  }

  async function ask(): Promise<void> {
    const grade = dice.oneOf(["low", "medium", "high"]);
    const box = `box-${dice.whole(BOXES)}`;
    const command = `/run torture ${grade} n=${900_000 + ++lastNumber} box=${box}`;
    await consoles[dice.oneOf(NAMES)].command(command);
  }

  async function review(): Promise<void> {
    const [run] = dice.shuffled(outside.unknownRuns());
    if (run !== undefined) await consoles.ana.markReviewed(run.incidentId);
  }

  async function acknowledge(): Promise<void> {
    const [id] = dice.shuffled(outside.openIncidents());
    if (id !== undefined) await consoles.ben.command(`/ack ${id}`);
  }

  const disable = () =>
    consoles.ana.command(
      dice.oneOf(["/disable_autohealing", "/disable_autohealing 1s", "/disable_autohealing --all"]),
    );
  const enable = () => consoles.ben.enableAutohealing();
  const maintain = () =>
    consoles.ana.command(`/maintenance box-${dice.whole(BOXES)} ${dice.oneOf(["1s", "off"])}`);
  async function changePolicy(): Promise<void> {
    victim.writeRunbook("policy.yaml", policyText(++policies, dice.oneOf(["15m", "3s"])));
    await decide();
  }

  const acts = {
    fire,
    repeat,
    fireAgain,
    decide,
    decideLate,
    editPlan,
    intrude,
    press,
    ask,
    review,
    acknowledge,
    disable,
    enable,
    maintain,
    changePolicy,
  };
  const usual: readonly [keyof typeof acts, ...(keyof typeof acts)[]] = [
    ...([
      "fire",
      "fire",
      "fire",
      "decide",
      "decide",
      "decide",
      "decide",
      "press",
      "press",
    ] as const),
    ...(["repeat", "enable", "enable", "disable", "ask", "review", "maintain"] as const),
    ...(["fireAgain", "acknowledge", "changePolicy", "decideLate", "editPlan", "intrude"] as const),
  ];

  return {
    acts,
    repeat,
    /** One thing at random; where a point needs a certain one, mostly that. */
    async one(aim: keyof typeof acts | null): Promise<void> {
      const which = aim !== null && dice.chance(0.5) ? aim : dice.oneOf(usual);
      await acts[which]();
    },
    unacknowledged: () => [...sent.values()].filter(({ isAcknowledged }) => !isAcknowledged).length,
  };
}

export type Acts = ReturnType<typeof createActs>;
export type Act = keyof Acts["acts"];
