import { randomBytes } from "node:crypto";
import type { Ruling } from "../../src/approval/approval.ts";
import type { IncidentView } from "../../src/chat/card.ts";
import { pendingOf } from "../../src/chat/card.ts";
import type { ChatMemory, ChatObserver, Log, Refusal } from "../../src/chat/channel.ts";
import type { CommandRegistry } from "../../src/chat/commands.ts";
import type {
  AutohealingChange,
  DecisionAttempt,
  Desk,
  EditAnswer,
  EditWish,
  Page,
  RunAnswer,
  RunWish,
  SilenceAnswer,
  TrialAnswer,
} from "../../src/chat/desk.ts";
import type { TokenMeaning, UseToken } from "../../src/chat/press.ts";
import type { CardStore, StaleCard } from "../../src/chat/projector.ts";
import { aHandover } from "./handovers.ts";
import { anAutonomy, NOW } from "./incidents.ts";
import { aReport } from "./reports.ts";

const DAY_MS = 86_400_000;

interface StoredCard {
  messageId: string | null;
  version: number;
  hash: string | null;
  state: string | null;
  isUrgent: boolean;
  isReplying: boolean;
  isReposted: boolean;
}

/** For a chat in which nothing is typed. */
export const NO_COMMANDS: CommandRegistry = {
  list: [],
  handle: () => Promise.resolve(null),
  run: () => Promise.resolve({ text: "" }),
};

type Given = Exclude<TokenMeaning, { verb: "old" }>;

/** The ports of a chat over maps: what is stored, what each chat shows, and what each token means. */
export function createChatPorts() {
  const views = new Map<string, IncidentView>();
  const cards = new Map<string, StoredCard>();
  const tokens = new Map<
    string,
    Given & { chat: string; incidentId: string | null; isOld?: boolean }
  >();
  const attempts: DecisionAttempt[] = [];
  const switched: AutohealingChange[] = [];
  const refusals: Refusal[] = [];
  const wishes: RunWish[] = [];
  const edits: EditWish[] = [];
  const undone: string[] = [];
  const notes: { incidentId: string; person: string; text: string }[] = [];
  const quieted: Parameters<Desk["silence"]>[0][] = [];
  const answers: {
    run: RunAnswer;
    tryRun: TrialAnswer;
    edit: EditAnswer;
    silence: SilenceAnswer | null;
  } = {
    silence: null,
    edit: { outcome: "not_found" },
    run: { outcome: "refused", reasons: [] },
    tryRun: { outcome: "refused", reasons: [] },
  };
  const logged: { level: string; fields: object; message: string }[] = [];
  let ruling: (attempt: DecisionAttempt) => Ruling | Promise<Ruling> = () => ({
    outcome: "not_found",
  });

  function put(view: IncidentView, cause: "person" | "machine" = "machine"): void {
    views.set(view.incident.id, view);
    for (const [key, card] of cards)
      if (key.endsWith(`/${view.incident.id}`)) {
        card.isReplying = false;
        if (cause === "person") card.isUrgent = true;
      }
  }

  const keyOf = (chat: string, incidentId: string) => `${chat}/${incidentId}`;
  const fresh = (): StoredCard => ({
    messageId: null,
    version: 0,
    hash: null,
    state: null,
    isUrgent: false,
    isReplying: false,
    isReposted: false,
  });

  const store: CardStore = {
    async staleCards(_, chat, limit) {
      const stale = [...views.values()].flatMap((view): StaleCard[] => {
        const card = cards.get(keyOf(chat, view.incident.id)) ?? fresh();
        if (card.version >= view.incident.version && !card.isReplying) return [];
        const { messageId, hash, state, isUrgent, isReplying, isReposted } = card;
        return [
          {
            incidentId: view.incident.id,
            shown: messageId === null ? null : { messageId, hash, state },
            isUrgent,
            isReplying,
            isReposted,
            isCritical: view.incident.severity === "critical",
            isPressing: pendingOf(view).length > 0,
            isOver: view.incident.state === "resolved",
            isInvestigating: view.isInvestigating,
          },
        ];
      });
      return stale.sort((a, b) => Number(b.isUrgent) - Number(a.isUrgent)).slice(0, limit);
    },
    async view(incidentId) {
      const view = views.get(incidentId);
      if (!view) throw new Error(`${incidentId} is not there`);
      return view;
    },
    async cardPosted({ incidentId, chat, messageId, version, hash, state }) {
      const before = cards.get(keyOf(chat, incidentId)) ?? fresh();
      cards.set(keyOf(chat, incidentId), { ...before, messageId, version, hash, state });
    },
    async cardShown({ incidentId, chat, version, hash, state, isReplying = false }) {
      const before = cards.get(keyOf(chat, incidentId)) ?? fresh();
      const isUrgent = false;
      const after = { ...before, version, hash, state, isUrgent, isReplying };
      cards.set(keyOf(chat, incidentId), after);
    },
    async cardLost({ incidentId, chat }) {
      cards.set(keyOf(chat, incidentId), { ...fresh(), isReposted: true });
    },
    async tokensFor({ incidentId, chat, requestIds, isRenewed }) {
      for (const meaning of tokens.values())
        if (isRenewed && meaning.verb !== "confirm" && meaning.incidentId === incidentId)
          meaning.isOld ||= meaning.chat === chat;
      return Object.fromEntries(
        requestIds.map((requestId) => [
          requestId,
          {
            approve: tokenFor("approve", requestId, chat, incidentId),
            reject: tokenFor("reject", requestId, chat, incidentId),
          },
        ]),
      );
    },
  };

  const kept = {
    movedTo: null as string | null,
    heardAt: null as Date | null,
    handled: [] as number[],
  };
  const memory: ChatMemory = {
    recall: async () => ({ ...kept }),
    async heard(at) {
      kept.heardAt = at;
    },
    async moved(to) {
      kept.movedTo = to;
      for (const card of cards.values())
        Object.assign(card, { messageId: null, hash: null, version: 0 });
    },
    async renewButtons() {
      const waiting = [...cards.entries()].filter(([key, { messageId }]) => {
        const view = views.get(key.split("/")[1] ?? "");
        return messageId !== null && view !== undefined && pendingOf(view).length > 0;
      });
      for (const [, card] of waiting) Object.assign(card, { hash: null, version: 0 });
      return waiting.length;
    },
    isHandled: async (update) => kept.handled.includes(update),
    async handled(update) {
      kept.handled.push(update);
    },
  };

  function tokenFor(
    verb: "approve" | "reject",
    requestId: string,
    chat: string,
    incidentId: string,
  ): string {
    for (const [token, meaning] of tokens)
      if (
        meaning.verb === verb &&
        meaning.requestId === requestId &&
        meaning.chat === chat &&
        !meaning.isOld
      )
        return token;
    const token = newToken();
    tokens.set(token, { verb, requestId, planCode: "9f3a1c22", chat, incidentId });
    return token;
  }

  const useToken: UseToken = async (token, { chat, messageId, person }) => {
    const meaning = tokens.get(token);
    if (!meaning || meaning.chat !== chat) return null;
    if (meaning.verb === "confirm") {
      if (meaning.person === person) tokens.delete(token);
      return meaning;
    }
    const live = cards.get(keyOf(chat, meaning.incidentId ?? ""))?.messageId ?? null;
    if (live === messageId && !meaning.isOld) return meaning;
    const isStray = ![...cards.values()].some((each) => each.messageId === messageId);
    return { verb: "old", liveMessageId: live, isStray };
  };

  const incidentOn = async (messageId: string) =>
    [...cards].find(([, card]) => card.messageId === messageId)?.[0].split("/")[1] ?? null;

  const desk: Desk = {
    status: async () => ({
      openIncidents: views.size,
      pendingRequests: 0,
      autohealing: { isOn: switched.at(-1)?.isOn ?? false, offUntil: null },
      problems: [],
    }),
    health: async () => ({
      status: "ok",
      checks: [{ name: "database", status: "ok", detail: "writable" }],
    }),
    openAlerts: async () => emptyPage(),
    async incident(prefix) {
      const ids = [...views.keys()].filter(
        (id) => id.startsWith(prefix) || id.startsWith(`inc_${prefix}`),
      );
      const view = views.get(ids[0] ?? "");
      if (ids.length > 1) return { outcome: "several", ids };
      return view ? { outcome: "found", view } : { outcome: "none" };
    },
    history: async ({ page }) => ({
      items: [...views.values()].map(({ incident }) => ({
        ...incident,
        where: incident.alerts[0]?.labels.instance ?? "",
      })),
      page,
      pages: 3,
      total: 25,
    }),
    pending: async () =>
      [...views.values()].flatMap((view) =>
        pendingOf(view).map((request) => ({ request, incidentTitle: view.incident.title })),
      ),
    async decide(attempt) {
      attempts.push(attempt);
      return await ruling(attempt);
    },
    async setAutohealing(change) {
      switched.push(change);
      return { autohealing: { isOn: change.isOn, offUntil: null }, stopped: 0 };
    },
    actionsThatWouldRun: async () => [
      {
        runbookId: "container-down",
        actionId: "restart",
        title: "Restart the container",
        targets: "all",
      },
    ],
    runbooks: async () => [
      {
        id: "container-down",
        title: "A container is down",
        actions: [{ id: "restart", risk: "low" }],
      },
      { id: "unknown-alert", title: "Nobody knows it", actions: [] },
    ],
    runbook: async (prefix) =>
      "container-down".startsWith(prefix)
        ? {
            id: "container-down",
            title: "A container is down",
            sha256: "9f3a1c22".padEnd(64, "0"),
            actions: [
              {
                id: "restart",
                title: "Restart the container",
                risk: "low",
                executor: "docker",
                with: '{"op":"restart","container":"{{params.container}}"}',
                targets: "nginx",
                params: ["container from labels.name, [a-z]+"],
                record: { actionId: "restart", runs: 9, verified: 7, stillFailing: 1, unknown: 1 },
              },
            ],
          }
        : null,
    async run(wish) {
      wishes.push(wish);
      return answers.run;
    },
    async tryRun(wish) {
      wishes.push(wish);
      return answers.tryRun;
    },
    async edit(wish) {
      edits.push(wish);
      return answers.edit;
    },
    async editable({ planCode, requestId }) {
      const request = [...views.values()]
        .flatMap(pendingOf)
        .find((each) => each.planCode === planCode && each.id === requestId);
      return request ? { outcome: "editable", request } : { outcome: "not_found" };
    },
    async undo({ execution }) {
      undone.push(execution);
      return answers.run;
    },
    async silence(wanted) {
      if (answers.silence !== null) return answers.silence;
      quieted.push(wanted);
      const until = new Date(NOW.getTime() + wanted.forMs);
      return { outcome: "silenced", alerts: 1, until };
    },
    unsilence: async (incidentId) => views.get(incidentId)?.silences.length ?? 0,
    async note(incidentId, { name: person }, text) {
      notes.push({ incidentId, person, text });
      return views.has(incidentId);
    },
    async acknowledge(incidentId) {
      const view = views.get(incidentId);
      return view?.incident.state === "open" ? "acknowledged" : "not_open";
    },
    handover: () => Promise.resolve(aHandover()),
    onCall: () =>
      Promise.resolve([
        { person: "ben", from: NOW, to: new Date(NOW.getTime() + DAY_MS) },
        {
          person: "ana",
          from: new Date(NOW.getTime() + DAY_MS),
          to: new Date(NOW.getTime() + 8 * DAY_MS),
        },
      ]),
    report: (lengthMs) => Promise.resolve(aReport(lengthMs)),
    setReports: () => Promise.resolve({ times: { day: null, week: "0 8 * * 1", month: null } }),
    costs: () => Promise.resolve(null),
    autonomy: async () => anAutonomy(),
    takeBack: async ({ target }) => target === "nginx",
    audit: () =>
      Promise.resolve({
        head: { seq: 2, hash: "ab".repeat(32) },
        lastAnchor: { seq: 1, hash: "cd".repeat(32), at: NOW.toISOString() },
        checked: { entries: 2, firstBroken: null, missed: [], at: NOW },
        isChecking: false,
      }),
    async maintain({ target, forMs }) {
      return target === "nginx"
        ? { outcome: "set", target, until: forMs === 0 ? null : new Date(NOW.getTime() + forMs) }
        : { outcome: "unknown_target", known: ["nginx"] };
    },
    async offerConfirm({ person, chat, expiresAt }) {
      const token = newToken();
      const meaning = { verb: "confirm", person: person.name, expiresAt } as const;
      tokens.set(token, { ...meaning, chat, incidentId: null });
      return token;
    },
  };

  const write = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  const log: Log = { info: write("info"), warn: write("warn"), error: write("error") };
  const observe: ChatObserver = {
    refused: (refusal) => void refusals.push(refusal),
    shown: () => undefined,
    failed: () => undefined,
  };

  return {
    put,
    views,
    cards,
    tokens,
    attempts,
    switched,
    wishes,
    edits,
    undone,
    notes,
    quieted,
    answers,
    refusals,
    logged,
    store,
    memory,
    remembered: () => kept,
    useToken,
    incidentOn,
    desk,
    log,
    observe,
    rule(next: typeof ruling) {
      ruling = next;
    },
  };
}

export type ChatPorts = ReturnType<typeof createChatPorts>;

export function newToken(): string {
  return randomBytes(16).toString("base64url");
}

function emptyPage(): Page<never> {
  return { items: [], page: 1, pages: 0, total: 0 };
}
