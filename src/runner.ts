import { existsSync } from "node:fs";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { crashAt, storeWithCrashPoints } from "./crash-points.ts";
import { createInquiries } from "./evidence/inquire.ts";
import { redact } from "./evidence/redact.ts";
import { hashFiles } from "./execution/fingerprint.ts";
import { createExecutors, openCatalogue } from "./executors.ts";
import { admit } from "./incident/admit.ts";
import { createLanes, RUNS_ONLY } from "./lanes.ts";
import { createMetrics } from "./metrics.ts";
import { createOtherProcesses } from "./other-processes.ts";
import type { Ports } from "./responder/ports.ts";
import { respond } from "./responder/respond.ts";
import { createAnswers } from "./runner-answers.ts";
import { listenForQuestions } from "./runner-socket.ts";
import { servesTarget } from "./runner-targets.ts";
import { whyBelowFloor } from "./sandbox.ts";
import { createSources } from "./sources.ts";
import { newId } from "./store/ids.ts";
import { DatabaseUnusable } from "./store/open.ts";
import { openStore } from "./store/store.ts";
import { responderStore } from "./store-ports.ts";
import { createVitalSigns } from "./vital-signs.ts";

/**
 * `countersign executor`: runs what is approved in the database that `serve` fills, and nothing that it is told
 * otherwise. It has its own copy of the rules, and asks reality itself, right before each run.
 */
export function createRunner(config: Config, log: Logger) {
  const { executorTargets: wanted } = config;
  const executors = createExecutors(config);
  const catalogue = openCatalogue(config, executors);
  const crashPoint = crashAt(config.crashPoint);
  const opened = openBeside(config);
  const store = config.crashPoint === null ? opened : storeWithCrashPoints(opened, crashPoint);
  const { now } = store.clock;
  const sources = createSources(config);
  const belowFloor = whyBelowFloor(config.systemd !== null);
  const stopping = new AbortController();
  // Nobody asks this process for its numbers: serve counts the runs that it sees ended.
  const unread = createMetrics(() => Promise.resolve({}));
  const kept = responderStore(store, unread, now);
  const ports: Ports = {
    ...sources,
    inquire: createInquiries({ ...sources, past: store.past }, now),
    store: {
      ...kept,
      endRequest: (id, state, why, options) =>
        kept.endRequest(id, state, `the executor found: ${why}`, options),
    },
    ...{ catalogue, executors, hashFiles, crashPoint, redact, now },
    page: null,
    tell: () => Promise.resolve({ outcome: "refused" }),
    reader: null,
    linkBases: [],
    clockBehindMs: store.clock.behindMs,
    belowFloor: () => belowFloor,
    newRequestId: () => newId("req"),
    newIncidentId: () => newId("inc"),
    stopping: stopping.signal,
  };
  const answer = createAnswers({ catalogue, executors, targets: wanted, belowFloor });
  let place: Awaited<ReturnType<typeof store.runners.enter>> | null = null;
  let questions: Awaited<ReturnType<typeof listenForQuestions>> | null = null;

  /** Null for all; as the inventory is now. */
  function served(): string[] | null {
    if (wanted === null) return null;
    const { policy } = catalogue.read();
    const targets = policy?.targets ?? [];
    return targets.filter((target) => servesTarget(wanted, target)).map(({ name }) => name);
  }

  const lanes = createLanes({
    lanes: RUNS_ONLY,
    queue: {
      async leaseSome(_, at) {
        const step = place && (await store.queue.leaseRun(place.id, served(), at));
        return step === null ? [] : [step];
      },
      finishAll: store.queue.finishAll,
      postpone: store.queue.postpone,
      // A run that falls due for another executor is no reason to look again at once.
      nextDue: () => Promise.resolve(null),
    },
    respond: (step) => respond(ports, step),
    stop: () => stopping.abort(),
    log,
    now,
  });
  const others = createOtherProcesses({
    look: store.elsewhere.look,
    onEnded: () => undefined,
    onFailure: (error) => log.error({ err: error }, "what others wrote can't be read"),
  });
  store.subscribe(() => lanes.wake());

  return {
    /** What moves no more, in words; null where all is alive. */
    lookForDead: createVitalSigns({
      pulses: lanes.pulses,
      write: store.ping,
      elapsedMs: () => performance.now(),
    }),
    async start(): Promise<string> {
      for (const { file, line, message } of catalogue.read().problems) {
        log.error({ file, line }, `${file}:${line}: ${message}`);
      }
      for (const execution of await store.runners.bury()) {
        log.warn({ execution }, "its executor stopped while it ran: nobody knows its outcome");
      }
      place = await store.runners.enter();
      questions = await listenForQuestions(place.socket, answer);
      others.start();
      lanes.start();
      return place.id;
    },
    async stop(): Promise<void> {
      others.stop();
      questions?.close();
      await lanes.stop();
      place?.leave();
      store.close();
    },
  };
}

function openBeside({ databasePath, dedupWindowMs, alertmanager }: Config) {
  if (!existsSync(databasePath)) {
    throw new DatabaseUnusable(
      `${databasePath} does not exist: start serve first, with the same DATABASE_URL`,
    );
  }
  return openStore({
    ...{ path: databasePath, dedupWindowMs, admit, redact },
    isExclusive: false,
    hasSource: alertmanager !== null,
    chats: [],
    now: () => new Date(),
    elapsedMs: () => performance.now(),
  });
}
