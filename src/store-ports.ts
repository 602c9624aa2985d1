import type { Channel } from "./approval/approval.ts";
import type { ChatMemory } from "./chat/channel.ts";
import type { Costs } from "./chat/desk.ts";
import type { PictureStore } from "./chat/illustrator.ts";
import type { CardStore } from "./chat/projector.ts";
import { createBucket } from "./console/bucket.ts";
import type { Passkeys, Sessions } from "./console/ports.ts";
import { personFor } from "./desk.ts";
import type { ModelCall } from "./diagnosis/spending.ts";
import { isAskedFor } from "./incident/incident.ts";
import type { Metrics } from "./metrics.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import type { ResponderStore } from "./responder/ports.ts";
import type { Store } from "./store/store.ts";

/** Enough to see whether something happened before. */
const FOUND = 5;
const CHAT_LINKS = { burst: 3, everyMs: 5 * 60_000 };
const MONTH_MS = 30 * 24 * 3_600_000;

/** For whoever pays. A day is a UTC day, as for the budget. */
export async function costs(
  { opinions, clock }: Store,
  limits: { dailyUsd: number; incidentUsd: number } | null,
): Promise<Costs | null> {
  if (limits === null) return null;
  const at = clock.now().getTime();
  const midnight = new Date(new Date(at).setUTCHours(0, 0, 0, 0));
  return {
    today: await opinions.spentByModel(midnight),
    month: await opinions.spentByModel(new Date(at - MONTH_MS)),
    dailyUsd: limits.dailyUsd,
    incidentUsd: limits.incidentUsd,
  };
}

/** What models cost, stored and counted. */
export function meteredLedger({ opinions }: Store, metrics: Metrics) {
  return {
    spent: opinions.spent,
    recall: opinions.recall,
    async spend(call: ModelCall): Promise<void> {
      await opinions.spend(call);
      metrics.spent(call);
    },
  };
}

/** The store as the journey knows it, with its progress counted. */
export function responderStore(
  store: Store,
  metrics: Pick<Metrics, "diagnosed" | "executed" | "recovered">,
  now: () => Date,
): ResponderStore {
  const { views, findings, opinions, switches, requests, executions } = store;
  return {
    incident: views.incidentAlone,
    episode: views.episode,
    fireAgain: store.incidents.fireAgain,
    async saveFindings(episode, items, diagnosisOf) {
      await findings.save(episode, items, diagnosisOf);
      metrics.diagnosed(episode.receivedAt, now());
    },
    evidenceOf: findings.of,
    refreshFindings: findings.refresh,
    async found(incidentId) {
      const view = await views.incident(incidentId);
      return view && { alerts: view.incident.alerts, evidence: view.evidence };
    },
    lastTold: store.tellings.last,
    told: store.tellings.told,
    addEvidence: findings.addOne,
    search: async (words) => (await views.find({ words, limit: FOUND })).items,
    hasOpinion: opinions.has,
    saveOpinion: opinions.save,
    noteNoOpinion: opinions.note,
    isAutohealingOn: async () => (await switches.autohealing()).isOn,
    maintenanceUntil: switches.maintenanceUntil,
    request: requests.find,
    propose: requests.propose,
    ask: requests.ask,
    beginSilence: store.silences.begin,
    silenceFailed: store.silences.failed,
    silenceEnded: store.silences.ended,
    silence: store.silences.find,
    alertOver: store.incidents.alertOver,
    outcomesOf: store.grants.outcomesOf,
    offerGrant: requests.offerGrant,
    giveGrant: store.grants.give,
    triedFor: executions.triedFor,
    undoneBy: executions.undoneBy,
    remind: requests.remind,
    escalate: requests.escalate,
    paged: requests.paged,
    edit: requests.edit,
    endRequest: async (id, state, why, options) =>
      await requests.end(id, state, why, "countersign", options),
    execution: executions.find,
    executionOf: executions.findByRequest,
    historyOf: executions.historyOf,
    claim: executions.claim,
    release: executions.release,
    start: executions.start,
    async finish(execution, result, verifyAt) {
      await executions.finish(execution, result, verifyAt);
      metrics.executed(result.outcome);
    },
    async verify(execution, outcome, detail) {
      await executions.verify(execution, outcome, detail);
      const incident = await views.incident(execution.incidentId);
      // Nothing recovers where no alert fired.
      if (outcome === "verified" && incident !== null && !isAskedFor(incident.incident)) {
        metrics.recovered(incident.incident.openedAt, now());
      }
    },
  };
}

/** The store as a chat's projector knows it. */
export function cardStore({ cards, views }: Store): CardStore {
  return {
    async staleCards(channel, chat, limit) {
      const rows = await cards.stale(channel, chat, limit);
      return rows.map(({ messageId, hash, state, ...row }) => ({
        ...row,
        shown: messageId === null ? null : { messageId, hash, state },
      }));
    },
    async view(incidentId) {
      const view = await views.incident(incidentId);
      if (view === null) throw new Error(`${incidentId} has a card and is not stored`);
      return view;
    },
    cardPosted: cards.posted,
    cardShown: cards.shown,
    cardLost: cards.lost,
    tokensFor: cards.tokensFor,
  };
}

/** The store as whoever draws for a chat knows it. */
export function pictureStore(store: Store): PictureStore {
  return { ...store.pictures, view: cardStore(store).view };
}

/** What outlives the process about one chat, as its adapter knows it. */
export function chatMemory(
  { chats, cards }: Store,
  where: { readonly channel: Channel; readonly chat: string },
): ChatMemory {
  return {
    recall: () => chats.recall(where),
    heard: (at) => chats.heard({ ...where, at }),
    moved: (to) => chats.moved({ ...where, to }),
    renewButtons: () => cards.renewButtons(where.channel, where.chat),
    isHandled: (update) => chats.isHandled({ ...where, update }),
    handled: (update) => chats.handled({ ...where, update }),
  };
}

/** The console's sessions: the person is looked up in the policy anew each time. */
export function consoleSessions({ sessions }: Store, catalogue: Catalogue): Sessions {
  return {
    async peekSignInToken(token) {
      const person = await sessions.peekLink(token);
      return person === null ? null : personFor(catalogue, "console", person);
    },
    async consumeSignInToken(token, agent) {
      const used = await sessions.consumeLink(token, agent);
      const person = used && personFor(catalogue, "console", used.person);
      return used && person && { secret: used.secret, person };
    },
    async session(secret) {
      const found = await sessions.findSession(secret);
      const person = found && personFor(catalogue, "console", found.person);
      return found && person && { ...found, person };
    },
    async begin(name, agent) {
      const person = personFor(catalogue, "console", name);
      return person && (await sessions.begin(person.name, agent));
    },
    async list(person) {
      const all = await sessions.list();
      return all.filter((one) => one.person === person.name || person.roles.includes("admin"));
    },
    idOf: sessions.idOf,
    revoke: async (ids, person) => await sessions.revoke(ids, person.name),
    endSession: sessions.endSession,
  };
}

/** Links for people whom a chat knows. What they sign in is a session that a chat began. */
export function chatInvitations(
  { sessions, clock }: Store,
  publicUrl: string,
): (person: string) => Promise<string | null> {
  const bucket = createBucket({ ...CHAT_LINKS, now: clock.now });
  return async (person) =>
    bucket.take(person)
      ? `${publicUrl}/sign-in/${await sessions.createLink(person, "chat")}`
      : null;
}

/** The console's passkeys: those made for another address can't be used here, and are none. */
export function consolePasskeys({ passkeys, refusals }: Store, site: string | null): Passkeys {
  return {
    ...passkeys,
    async find(id) {
      const found = await passkeys.find(id);
      return found?.site === site ? found : null;
    },
    list: async (person) => (await passkeys.list(person)).filter((one) => one.site === site),
    refused: (person) =>
      refusals.note({
        reason: "passkey",
        channel: "console",
        chat: "console",
        accountId: person,
      }),
  };
}
