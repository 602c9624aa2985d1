import type { AroundAlert, Asking, Surroundings } from "./around.ts";
import type { Finding } from "./collect.ts";
import type { Sample } from "./prometheus.ts";
import { ago, labelsText, withoutName } from "./tell.ts";
import type { Frame } from "./windows.ts";

const DAY_S = 86_400;
const SHOWN = 6;
/** Metrics whose value is when something began. */
const STARTED =
  /(?:^|_)(?:start|boot|started|reload_success|loaded)_(?:time|timestamp)_seconds$|_start_time_seconds$/;
/** Metrics that carry a container's image as a label, the most telling first. */
const IMAGES = ["kube_pod_container_info", "container_last_seen", "container_start_time_seconds"];

interface Change {
  readonly atMs: number;
  readonly text: string;
}

/** What began anew or came with another image within the day before the alert. Null where nothing tells of such. */
export async function askChanges(around: AroundAlert): Promise<Finding | null> {
  const [{ frame }, parts] = await Promise.all([around.ground(), around.surroundings()]);
  const telling = parts.map((part) => ({
    ...part,
    starts: part.metrics.filter(({ name }) => STARTED.test(name)),
    images: IMAGES.find((name) => part.metrics.some((metric) => metric.name === name)),
  }));
  if (telling.every((part) => part.starts.length === 0 && part.images === undefined)) return null;
  const [starts, images] = await Promise.all([
    Promise.all(
      telling.flatMap((part) =>
        part.starts.map(({ name }) => startsOf(around.prometheus, name, part, frame)),
      ),
    ),
    Promise.all(
      telling.map((part) =>
        part.images === undefined ? [] : imagesOf(around.prometheus, part.images, part, frame),
      ),
    ),
  ]);
  const changes = starts.flat().sort((a, b) => b.atMs - a.atMs);
  const alertAt = new Date(frame.alertAtMs);
  const lines = [
    ...changes.slice(0, SHOWN).map(({ atMs, text }) => `${ago(new Date(atMs), alertAt)}: ${text}`),
    ...(changes.length > SHOWN ? [`… ${changes.length - SHOWN} more`] : []),
    ...images.flat().slice(0, SHOWN),
  ];
  return { text: lines.join("\n") || "Nothing started anew within a day before the alert" };
}

async function startsOf(
  { query }: Asking,
  name: string,
  { scope }: Surroundings,
  { now, alertAtMs }: Frame,
): Promise<Change[]> {
  const since = Math.floor(alertAtMs / 1000) - DAY_S;
  const seconds = Math.ceil((now.toMs - now.fromMs) / 1000) + 60;
  const samples = await query(
    `last_over_time(${name}{${scope.selector}}[${seconds}s]) > ${since}`,
    new Date(now.toMs),
  );
  return samples.map(({ labels, value }) => ({
    atMs: value * 1000,
    text: `${name.replace(/_(?:time|timestamp)_seconds$/, "")} of ${labelsText(brief(labels))}`,
  }));
}

/** Images that were not there before the window and are in it. */
async function imagesOf(
  { query }: Asking,
  name: string,
  { scope }: Surroundings,
  { now }: Frame,
): Promise<string[]> {
  const by = "by (name, namespace, pod, container, image)";
  const seconds = Math.ceil((now.toMs - now.fromMs) / 1000);
  const series = `${name}{${scope.selector}, image!=""}`;
  const during = `count ${by} (last_over_time(${series}[${seconds}s]))`;
  const earlier = `count ${by} (last_over_time(${series}[1h] offset ${seconds}s))`;
  const at = new Date(now.toMs);
  const [fresh, gone] = await Promise.all([
    query(`${during} unless ${earlier}`, at),
    query(`${earlier} unless ${during}`, at),
  ]);
  return [
    ...fresh.map((sample) => `New image: ${imageText(sample)}`),
    ...gone.map((sample) => `Image no longer there: ${imageText(sample)}`),
  ];
}

function imageText({ labels: { image = "", ...where } }: Sample): string {
  return `${image} ${labelsText(where)}`.trim();
}

/** Of cAdvisor's many labels, those that people call it by. */
function brief(labels: Sample["labels"]): Sample["labels"] {
  const named = ["name", "namespace", "pod", "container", "image", "instance", "job"].flatMap(
    (name) => (labels[name] ? [[name, labels[name]] as const] : []),
  );
  return named.length === 0 ? withoutName(labels) : Object.fromEntries(named);
}
