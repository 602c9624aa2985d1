import type { Logger } from "pino";
import type { Anchor, NotedAnchor, RecordCheck } from "./store/record.ts";
import type { Store } from "./store/store.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ANSWER_WITHIN_MS = 2_500;

interface Deps {
  readonly record: Store["record"];
  readonly log: Pick<Logger, "info" | "error">;
  /** Tells every chat. */
  readonly announce: (text: string) => void;
  readonly now: () => Date;
}

export interface AuditReport {
  readonly head: Anchor;
  readonly lastAnchor: NotedAnchor | null;
  /** The newest verification; null while the first is under way. */
  readonly checked: (RecordCheck & { readonly at: Date }) | null;
  readonly isChecking: boolean;
}

/**
 * Puts the head of the record where somebody who can write the database can't: into the journal at start, at stop and
 * every hour, and into every chat once a day (T71).
 */
export function createAnchors({ record, log, announce, now }: Deps) {
  let timer: NodeJS.Timeout | undefined;
  let checked: AuditReport["checked"] = null;
  let underWay: Promise<void> | null = null;

  async function toJournal(): Promise<void> {
    const head = await record.head();
    log.info({ anchor: textOf(head) }, "the head of the record");
    await record.anchored(head);
  }

  /** The first day has nothing to tell yet. */
  async function toChats(): Promise<void> {
    const told = await record.lastToldAnchor();
    if (told !== null && now().getTime() - Date.parse(told.at) < DAY_MS) return;
    const head = await record.head();
    if (told !== null) announce(`🔗 The record's head: ${textOf(head)}`);
    await record.told(head);
  }

  async function anchor(): Promise<void> {
    await toJournal();
    await toChats();
  }

  /** One at a time, however often it is asked for. */
  function verify(): Promise<void> {
    underWay ??= check().finally(() => {
      underWay = null;
    });
    return underWay;
  }

  async function check(): Promise<void> {
    const last = await record.lastAnchor();
    const found = await record.verify({ anchors: last === null ? [] : [last] });
    checked = { ...found, at: now() };
    const isWhole = found.firstBroken === null && found.missed.length === 0;
    if (!isWhole) log.error({ ...found }, "the record was changed; run: countersign audit verify");
  }

  function failed(error: unknown): void {
    log.error({ err: error }, "the record's head could not be anchored");
  }

  return {
    async start(): Promise<void> {
      await anchor().catch(failed);
      timer = setInterval(() => void anchor().catch(failed), HOUR_MS);
      timer.unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await toJournal().catch(failed);
    },
    /** What the last verification found, without another one. */
    async seen(): Promise<AuditReport> {
      const [head, lastAnchor] = [await record.head(), await record.lastAnchor()];
      return { head, lastAnchor, checked, isChecking: underWay !== null };
    },
    /** Verifies, and answers within seconds: a long record is still being read then, and the last result is told. */
    async audit(): Promise<AuditReport> {
      const run = verify();
      let pause: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((done) => {
        pause = setTimeout(done, ANSWER_WITHIN_MS);
      });
      await Promise.race([run, patience]);
      clearTimeout(pause);
      const [head, lastAnchor] = [await record.head(), await record.lastAnchor()];
      return { head, lastAnchor, checked, isChecking: underWay !== null };
    },
  };
}

/** As `audit verify --anchor` takes it. */
function textOf({ seq, hash }: Anchor): string {
  return `${seq}:${hash}`;
}
