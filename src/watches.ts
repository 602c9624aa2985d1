import type { Sight, View } from "./evidence/look-out.ts";
import { lookOut } from "./evidence/look-out.ts";
import { keyOf } from "./evidence/measure.ts";
import type { Prometheus } from "./evidence/prometheus.ts";
import { onlyWith } from "./evidence/promql-text.ts";
import { redact } from "./evidence/redact.ts";
import { signal } from "./evidence/signal.ts";
import type { Episode, IncomingAlert, Labels } from "./incident/alert.ts";
import { fingerprintOf } from "./incident/alert.ts";
import type { Acceptance, AlertGroup } from "./incident/alert-group.ts";
import type { Sighting } from "./incident/sighting.ts";
import { sightingOf } from "./incident/sighting.ts";
import type { Watch } from "./remediation/watch.ts";
import { createTurns } from "./turns.ts";

const TURN_MS = 5_000;
/** An alert of hundreds of series is one alert: so many of them are shown. */
const MOST_ALERTS = 20;

interface Deps {
  /** Null while nobody can say what there is to watch: then nothing begins and nothing ends. */
  readonly watches: () => readonly Watch[] | null;
  readonly prometheus: Pick<Prometheus, "queryRange"> | null;
  /** What Countersign noticed itself and still fires. */
  readonly noticed: () => Promise<readonly Episode[]>;
  readonly accept: (groups: readonly AlertGroup[]) => Promise<readonly Acceptance[]>;
  readonly now: () => Date;
  readonly onFailure: (watch: string, error: unknown) => void;
}

interface Known extends Sighting {
  readonly episode: Episode;
}

type Looked = { readonly atMs: number } & (
  | { readonly ok: true; readonly view: View }
  | { readonly ok: false; readonly why: string }
);

/**
 * Looks at the queries of `watch.yaml`, each at its own pace, and makes alerts of what leaves its past: before any rule
 * fires, and never acted on unasked. What it knows to be out stands in the store, so a restart forgets nothing.
 */
export function createWatches({ watches, prometheus, noticed, accept, now, onFailure }: Deps) {
  const looked = new Map<string, Looked>();
  const turns = createTurns({
    everyMs: TURN_MS,
    turn,
    onFailure: (error) => onFailure("all", error),
  });

  async function turn(): Promise<void> {
    const all = watches();
    if (all === null) return;
    await endForgotten(all);
    if (prometheus === null) return;
    for (const watch of all) {
      const atMs = looked.get(watch.name)?.atMs ?? Number.NEGATIVE_INFINITY;
      const nowMs = now().getTime();
      if (nowMs - atMs >= watch.everyMs || nowMs < atMs) await look(prometheus, watch);
    }
  }

  async function look(source: NonNullable<typeof prometheus>, watch: Watch): Promise<void> {
    const at = now();
    try {
      const known = (await knownOnes()).filter((one) => one.watch === watch.name);
      const calledOut = new Map(
        known.map(({ series, episode }) => [keyOf(series), episode.startsAt]),
      );
      const { measures, ...outlook } = watch;
      const view = await lookOut(
        source,
        { ...outlook, signal: measures && signal(measures.kind, measures.unit) },
        { now: at, calledOut },
      );
      await tell(watch, view, known);
      looked.set(watch.name, { atMs: at.getTime(), ok: true, view });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      looked.set(watch.name, { atMs: at.getTime(), ok: false, why });
      onFailure(watch.name, error);
    }
  }

  async function knownOnes(): Promise<Known[]> {
    return (await noticed()).flatMap((episode) => {
      const sighting = sightingOf(episode);
      return sighting === null ? [] : [{ ...sighting, episode }];
    });
  }

  /** What is new, and what is over: back, gone, or under other labels by now. */
  async function tell(
    watch: Watch,
    { sights, left }: View,
    known: readonly Known[],
  ): Promise<void> {
    const alerts = sights
      .filter((sight) => sight.state === "out")
      .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
      .map((sight) => alertOf(watch, sight));
    const fresh = alerts.filter(
      ({ fingerprint }) => !known.some(({ episode }) => episode.fingerprint === fingerprint),
    );
    const room = Math.max(0, MOST_ALERTS - known.length);
    const over = known.filter(({ series, episode }) => {
      if (episode.fingerprint !== fingerprintOf(labelsOf(watch, series))) return true;
      const sight = sights.find(({ labels }) => keyOf(labels) === keyOf(series));
      // Beyond the series that are looked at nobody knows.
      return sight === undefined ? left === 0 : sight.state === "usual";
    });
    await say(watch.name, [...fresh.slice(0, room), ...over.map(end)], fresh.length - room);
  }

  /** Nobody looks any more at what a watch called out that is not there now. */
  async function endForgotten(all: readonly Watch[]): Promise<void> {
    const forgotten = (await knownOnes()).filter(
      (one) => !all.some(({ name }) => name === one.watch),
    );
    for (const one of forgotten) await say(one.watch, [end(one)], 0);
    for (const name of looked.keys()) {
      if (!all.some((watch) => watch.name === name)) looked.delete(name);
    }
  }

  function labelsOf({ name, severity, labels }: Watch, series: Labels): Labels {
    return { ...series, ...labels, alertname: name, severity };
  }

  function alertOf(watch: Watch, sight: Extract<Sight, { state: "out" }>): IncomingAlert {
    const { name, title, promql } = watch;
    const labels = labelsOf(watch, sight.labels);
    const own = onlyWith(promql, sight.labels);
    const sighting: Sighting = { watch: name, title, promql: own, series: sight.labels };
    return {
      fingerprint: fingerprintOf(labels),
      status: "firing",
      startsAt: sight.since,
      endsAt: null,
      labels,
      annotations: {
        summary: title,
        description: redact(`Out of the ordinary: ${sight.words}`),
      },
      generatorUrl: null,
      extra: { sighting },
    };
  }

  function end({ episode }: Known): IncomingAlert {
    return { ...episode, status: "resolved", endsAt: now() };
  }

  async function say(name: string, alerts: readonly IncomingAlert[], left: number): Promise<void> {
    if (alerts.length === 0) return;
    await accept([
      {
        source: "countersign",
        groupKey: `watch:${name}`,
        receiver: null,
        groupLabels: { alertname: name },
        externalUrl: null,
        truncatedAlerts: Math.max(0, left),
        trust: "none",
        receivedAt: now(),
        extra: null,
        alerts,
      },
    ]);
  }

  return {
    turn,
    start(): void {
      void turns.go();
      turns.start();
    },
    stop: turns.stop,
    /** For `/health`: a line for people, or an error that names what is not watched. */
    check(): string {
      const all = watches();
      if (all === null) throw new Error("runbooks/watch.yaml can't be read: nothing is watched");
      if (all.length === 0) return "no watches in runbooks/watch.yaml";
      if (prometheus === null) {
        throw new Error(
          `PROMETHEUS_URL is not set: ${all.length} watches of runbooks/watch.yaml wait for it`,
        );
      }
      const failed = all.flatMap(({ name }) => {
        const last = looked.get(name);
        return last === undefined || last.ok ? [] : [`${name}: ${last.why}`];
      });
      if (failed.length > 0) throw new Error(`not looked at: ${failed.join("; ")}`);
      return [`${all.length} watches`, ...all.flatMap(({ name }) => lineOf(name))].join("; ");
    },
  };

  function lineOf(name: string): string[] {
    const last = looked.get(name);
    if (last === undefined || !last.ok) return [`${name}: not looked at yet`];
    const { sights, left } = last.view;
    const count = (state: Sight["state"]) => sights.filter((one) => one.state === state).length;
    const parts = [
      `${sights.length} series`,
      ...(count("out") > 0 ? [`${count("out")} out of the ordinary`] : []),
      ...(count("unknown") > 0
        ? [`${count("unknown")} with too short a past or too few points`]
        : []),
      ...(left > 0 ? [`${left} more not looked at`] : []),
    ];
    return [`${name}: ${parts.join(", ")}`];
  }
}
