import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Access, Config } from "../config.ts";
import type { ReportedAlert } from "../evidence/alertmanager.ts";
import { createAlertmanager } from "../evidence/alertmanager.ts";
import { SourceFailed } from "../evidence/source.ts";
import type { Episode } from "../incident/alert.ts";
import { CommandFailed } from "./command.ts";
import { openBeside } from "./open.ts";
import { receiversTo } from "./receivers-to.ts";
import { askRunning } from "./running.ts";
import type { Sent, TestAlert } from "./send-test.ts";

/** Longer than a medium request waits for its answer; a test that nobody ends is over then. */
const LIFE_MS = 30 * 60_000;
const LOOK_EVERY_MS = 250;

type ConfigWithAlertmanager = Config & { readonly alertmanager: Access };

/**
 * The alert on the way that real ones take. Only so may something run for it: before a run, Alertmanager is asked
 * whether the alert still fires.
 * @throws CommandFailed with the place on the way where it got stuck
 */
export async function sendThroughAlertmanager(
  config: ConfigWithAlertmanager,
  alert: TestAlert,
  waitMs: number,
): Promise<Sent> {
  const refusedBefore = await countRefusedKeys(config);
  const isRefused = async () => (await countRefusedKeys(config)) > refusedBefore;
  const store = openBeside(config);
  try {
    const { known, endsAt, wasFiring } = await hand(config, alert);
    const isTold = async () => {
      const episode = await store.views.newestEpisode(known.fingerprint);
      return episode !== null && says(episode, alert, known) ? episode : null;
    };
    const episode = await untilTold(config, { isTold, isRefused, waitMs });
    if (episode === null) throw notTold(config, alert, { known, waitMs });
    return {
      way: "alertmanager",
      incident: episode.incidentId,
      lines: linesOf(alert, { endsAt, wasFiring }),
    };
  } finally {
    store.close();
  }
}

/**
 * Gives the alert to Alertmanager, and finds out what it means to do with it.
 * @throws CommandFailed
 */
export async function hand(
  { alertmanager: access, ...config }: ConfigWithAlertmanager,
  alert: TestAlert,
) {
  const peer = createAlertmanager(access);
  const { labels, annotations, status } = alert;
  try {
    const before = await peer.find(alert);
    if (status === "resolved" && before === null) {
      throw new CommandFailed(
        `Alertmanager knows no ${labels.alertname} with these labels that fires, so there is nothing to end. ` +
          "Give the labels it was sent with; what was sent with --direct is ended with --direct",
      );
    }
    const startsAt = before?.startsAt ?? new Date();
    const endsAt = new Date(Date.now() + (status === "firing" ? LIFE_MS : 0));
    await peer.send({ labels, annotations, startsAt, endsAt });
    const known = before ?? (await peer.find(alert));
    if (known === null)
      throw new CommandFailed(`Alertmanager at ${access.url} took it and lost it`);
    refuseMuted(known, access.url);
    refuseUnrouted(known, receiversTo(await peer.configuration(), config.webhookPath), config);
    return { known, endsAt, wasFiring: before !== null };
  } catch (error) {
    if (!(error instanceof SourceFailed)) throw error;
    throw new CommandFailed(
      `${error.message}. ALERTMANAGER_URL is ${access.url}: is that right, and does it run? ` +
        "--direct sends the alert straight to Countersign",
      { cause: error },
    );
  }
}

function refuseMuted({ status: { silencedBy, inhibitedBy } }: ReportedAlert, url: string): void {
  if (silencedBy.length > 0) {
    throw new CommandFailed(
      `Alertmanager has it, and tells nobody: it is silenced. See ${url}/#/silences/${silencedBy[0]}`,
    );
  }
  if (inhibitedBy.length > 0) {
    throw new CommandFailed(
      "Alertmanager has it, and tells nobody: another alert inhibits it (inhibit_rules)",
    );
  }
}

function refuseUnrouted(
  known: ReportedAlert,
  ours: ReadonlySet<string> | null,
  { webhookPath }: Pick<Config, "webhookPath">,
): void {
  if (ours === null || known.receivers.some(({ name }) => ours.has(name))) return;
  const others = known.receivers.map(({ name }) => `"${name}"`).join(" and ");
  throw new CommandFailed(
    ours.size === 0
      ? `Alertmanager has it, and has no way to Countersign: it goes to ${others}. Add a receiver whose webhook_configs url ends in ${webhookPath} and a route to it (docs/prometheus.md has both), and reload Alertmanager`
      : `Alertmanager has it, and routes it to ${others}, not to ${[...ours].map((name) => `"${name}"`).join(" or ")}: ` +
          "look at the matchers of its routes, and whether the one before says continue: true",
  );
}

function says(episode: Episode, { status }: TestAlert, { startsAt }: ReportedAlert): boolean {
  if (episode.status !== status) return false;
  return startsAt === undefined || episode.startsAt >= startsAt;
}

/** What the program was told, or null where the time is over. */
async function untilTold(
  config: Config,
  options: {
    readonly isTold: () => Promise<Episode | null>;
    readonly isRefused: () => Promise<boolean>;
    readonly waitMs: number;
  },
): Promise<Episode | null> {
  const deadline = Date.now() + options.waitMs;
  for (;;) {
    const episode = await options.isTold();
    if (episode !== null) return episode;
    if (await options.isRefused()) {
      throw new CommandFailed(
        "Alertmanager passed it on, and Countersign refused the key: write one of PROMETHEUS_API_KEY into alertmanager.yml " +
          `as http_config.authorization.credentials, and reload Alertmanager (it posts to ${config.webhookPath})`,
      );
    }
    if (Date.now() >= deadline) return null;
    await sleep(LOOK_EVERY_MS);
  }
}

function notTold(
  { alertmanager }: ConfigWithAlertmanager,
  { status }: TestAlert,
  { known, waitMs }: { known: ReportedAlert; waitMs: number },
): CommandFailed {
  const receivers = known.receivers.map(({ name }) => `"${name}"`).join(" and ");
  const over = `Alertmanager has it and passes it to ${receivers}; Countersign has not heard of it within ${waitMs / 1000} s. `;
  const patience =
    status === "firing"
      ? "It waits group_wait before the first word of a group (30 s by default) and group_interval (5 m) before the next one; --wait 6m waits longer. "
      : "It waits group_interval (5 m by default) before it says that an alert is over; --wait 6m waits longer. ";
  return new CommandFailed(
    `${over}${patience}If that does not help, its log says why the webhook fails (a wrong address, a closed port): ${alertmanager.url}`,
  );
}

function linesOf(
  { status, labels }: TestAlert,
  { endsAt, wasFiring }: { endsAt: Date; wasFiring: boolean },
): string[] {
  const name = labels.alertname ?? "";
  if (status === "resolved") {
    return [`Ended ${name} in Alertmanager, and Alertmanager told Countersign`];
  }
  const until = endsAt.toTimeString().slice(0, 5);
  return wasFiring
    ? [
        `${name} fires already, so nothing new happened: end it first. It now ends by itself at ${until}`,
      ]
    : [`Sent ${name} through Alertmanager, which told Countersign. It ends by itself at ${until}`];
}

const REFUSED_KEYS = /^countersign_refused_total\{reason="webhook_key"\} (?<count>\d+)$/m;

/** How often the running program refused a webhook's key; asking also shows that it runs. */
async function countRefusedKeys(config: Config): Promise<number> {
  const text = await (await askRunning(config, "/metrics")).text();
  return z.coerce.number().catch(0).parse(REFUSED_KEYS.exec(text)?.groups?.count);
}
