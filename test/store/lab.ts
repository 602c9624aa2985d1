import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import type { GrantRequest, NewRequest, PlannedRequest } from "../../src/approval/approval.ts";
import { digestOf, planCodeOf } from "../../src/approval/digest.ts";
import { redact } from "../../src/evidence/redact.ts";
import { admit } from "../../src/incident/admit.ts";
import type { IncomingAlert, Labels } from "../../src/incident/alert.ts";
import type { AlertGroup } from "../../src/incident/alert-group.ts";
import type { NewPasskey } from "../../src/store/passkeys.ts";
import { openStore } from "../../src/store/store.ts";
import { aRequest } from "../fakes/incidents.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const START = new Date("2026-03-01T03:00:00Z");

/** A real store on a file of its own, under a clock that only the test moves. */
export function createLab(options: { chats?: { channel: string; chat: string }[] } = {}) {
  const folder = createFolder();
  const path = join(folder, "countersign.db");
  let now = START;
  const open = (isExclusive = false, over: { redact?: typeof redact; isReadOnly?: boolean } = {}) =>
    openStore({
      path,
      isExclusive,
      dedupWindowMs: 5 * MINUTE,
      hasSource: true,
      chats: options.chats ?? [{ channel: "telegram", chat: "1" }],
      admit,
      now: () => now,
      redact,
      ...over,
    });
  const store = open();
  const raw = new Database(path);
  onTestFinished(() => {
    raw.close();
    store.close();
  });

  async function accept(...groups: readonly AlertGroup[]) {
    return await store.intake.accept(groups.map((group) => ({ ...group, receivedAt: now })));
  }

  /** One alert begins to fire; its episode. */
  async function fire(labels: Labels = {}, startsAt: Date = now) {
    await accept(aGroup([anIncoming({ startsAt }, labels)], { groupKey: JSON.stringify(labels) }));
    const id = raw.prepare("SELECT max(id) FROM alerts").pluck().get() as number;
    const episode = await store.views.episode(id);
    if (episode === null) throw new Error("nothing was stored");
    return episode;
  }

  /** A request for the newest alert, or for one that fires for it. */
  async function propose(over: Partial<PlannedRequest> & { target?: string } = {}) {
    const episode = await fire({ n: String(Math.random()) });
    const request = newRequest(
      { ...over, incidentId: episode.incidentId, episodeId: episode.id },
      now,
    );
    if (!(await store.requests.propose(request))) throw new Error("it was not proposed");
    return (await store.requests.find(request.id)) as PlannedRequest;
  }

  return {
    store,
    raw,
    path,
    open,
    accept,
    fire,
    propose,
    now: () => now,
    pass(ms: number): void {
      now = new Date(now.getTime() + ms);
    },
    count: (table: string, where = "1") =>
      raw.prepare(`SELECT count(*) FROM ${table} WHERE ${where}`).pluck().get() as number,
    /** The kinds of the record's entries, in order. */
    kinds: () => raw.prepare("SELECT kind FROM record ORDER BY seq").pluck().all() as string[],
  };
}

export type Lab = ReturnType<typeof createLab>;

export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function anIncoming(over: Partial<IncomingAlert> = {}, labels: Labels = {}): IncomingAlert {
  const all = { alertname: "WebDown", severity: "warning", instance: "web-01:9100", ...labels };
  return {
    fingerprint: JSON.stringify(all),
    status: "firing",
    startsAt: START,
    endsAt: null,
    labels: all,
    annotations: { summary: "The web service is down" },
    generatorUrl: null,
    extra: null,
    ...over,
  };
}

export function aGroup(
  alerts: readonly IncomingAlert[],
  over: Partial<AlertGroup> = {},
): AlertGroup {
  return {
    source: "alertmanager",
    groupKey: '{}:{alertname="WebDown"}',
    receiver: "countersign",
    groupLabels: {},
    externalUrl: null,
    truncatedAlerts: 0,
    trust: "key",
    receivedAt: START,
    extra: null,
    ...over,
    alerts,
  };
}

/** Leave for the action to run unasked, as it is asked for. */
export function newGrant(now: Date): GrantRequest {
  const { plan } = aRequest();
  const command = {
    kind: "grant",
    with: { op: "stop" },
    verifiedInARow: 1,
    noneRejectedInMs: 0,
  } as const;
  const incidentId = `inc_${Math.random().toString(16).slice(2)}`;
  const over = { risk: "high", incidentId, plan: { ...plan, command } } as const;
  const request = newRequest(over, now);
  return { ...request, state: "pending", episodeId: null, requester: null };
}

let serial = 0;

export function newRequest(
  { target, ...over }: Partial<PlannedRequest> & { target?: string },
  now: Date,
): Exclude<NewRequest, { state: "denied" }> {
  serial += 1;
  const id = over.id ?? `req_${serial.toString(16).padStart(12, "0")}`;
  const expiresAt = over.expiresAt ?? new Date(now.getTime() + 15 * MINUTE);
  const base = aRequest({ ...over, id, expiresAt });
  const plan = { ...base.plan, request: id };
  const digest = digestOf(plan);
  const { state } = base;
  if (state !== "pending" && state !== "approved") throw new Error(`nothing begins as ${state}`);
  const proposal = target
    ? { ...base.proposal, target: { ...base.proposal.target, name: target } }
    : base.proposal;
  const calls = { remindAt: null, escalateAt: null };
  return { ...base, ...calls, state, proposal, plan, digest, planCode: planCodeOf(digest) };
}

export function aPasskey(given: Partial<NewPasskey> = {}): NewPasskey {
  return {
    ...{ id: "id-1", person: "ana", name: "phone", site: "localhost" },
    ...{ publicKey: "key", counter: 0, transports: ["internal"] },
    ...given,
  };
}
