import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import { collect } from "../evidence/collect.ts";
import { describe } from "../evidence/describe.ts";
import { createDrawing } from "../evidence/drawing.ts";
import type { EvidenceItem } from "../evidence/evidence.ts";
import { graphOf } from "../evidence/graph-of.ts";
import { createInquiries } from "../evidence/inquire.ts";
import { keep } from "../evidence/keep.ts";
import { redact } from "../evidence/redact.ts";
import { createExecutors, openCatalogue } from "../executors.ts";
import { shotsOf } from "../graphs.ts";
import type { Alert } from "../incident/alert.ts";
import { fingerprintOf, nameOf, placeOf } from "../incident/alert.ts";
import { DEADLINE_MS, questionsAbout } from "../responder/investigate.ts";
import { createSources } from "../sources.ts";
import type { CliCommand, Options } from "./command.ts";
import { CommandFailed, UsageError } from "./command.ts";
import { openBeside } from "./open.ts";
import { print } from "./output.ts";

/** One alert, however somebody has it: as Alertmanager's webhook or API gives it, or written by hand. */
const AlertFile = z.object({
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).nullish(),
  startsAt: z.coerce.date().nullish(),
  fingerprint: z.string().nullish(),
});

export const evidence: CliCommand = {
  name: "evidence",
  usage: "evidence <alert.json | -> [--svg FOLDER] [--png FOLDER] [--dark] [--json]",
  summary: "Collects, prints and draws what the sources know about an alert, without the service",
  options: {
    json: { type: "boolean" },
    svg: { type: "string" },
    png: { type: "string" },
    dark: { type: "boolean" },
  },
  maxWords: 1,
  async run({ words: [file], options }) {
    if (file === undefined) {
      throw new UsageError("Name a file with an alert or a webhook body in JSON, or - for stdin.");
    }
    const alert = readAlert(file);
    const { items, took, diagnosisOf } = await lookAt(loadConfig(), alert);
    const diagnosis = diagnosisOf(items);
    const graphs = await drawAll(items, options);
    print({ alert, tookMs: took, evidence: items, diagnosis, graphs }, options.json === true, () =>
      [
        `${nameOf(alert.labels)} ${placeOf(alert.labels)} since ${alert.startsAt.toISOString()}`,
        ...items.map(itemText),
        `Opinion of the rules (${diagnosis.confidence}): ${diagnosis.cause}`,
        `${items.length} items in ${Math.round(took)} ms`,
        ...graphs.map(({ file: drawn, alt }) => `${drawn}: ${alt}`),
      ].join("\n\n"),
    );
    return items.some(({ status }) => status === "found");
  },
};

/** A picture of everything that was measured, named by its item and its place there. */
async function drawAll(items: readonly EvidenceItem[], { svg, png, dark }: Options) {
  const theme = dark === true ? "dark" : "light";
  const drawing = createDrawing();
  const drawn: { file: string; alt: string }[] = [];
  try {
    for (const { evidenceId, n, measurement } of shotsOf({ evidence: items })) {
      const alert = { fromMs: measurement.alertAtMs, toMs: null };
      const story = { title: measurement.title, alert, marks: [], timeZone: "UTC" };
      const graph = graphOf(measurement, story);
      for (const format of ["svg", "png"] as const) {
        const folder = { svg, png }[format];
        if (typeof folder !== "string") continue;
        const file = join(folder, `${evidenceId}-${n + 1}.${format}`);
        write(file, await drawing[format](graph, theme));
        drawn.push({ file, alt: describe(graph) });
      }
    }
    return drawn;
  } finally {
    drawing.close();
  }
}

function write(file: string, picture: string | Uint8Array): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, picture);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new CommandFailed(`${file} can't be written (${why}); name a folder for the pictures`, {
      cause: error,
    });
  }
}

async function lookAt(config: Config, alert: Alert) {
  const executors = createExecutors(config);
  // The history is looked at where there is one; nothing is made by looking.
  const store = existsSync(config.databasePath) ? openBeside(config) : null;
  try {
    const now = () => new Date();
    const catalogue = openCatalogue(config, executors);
    const inquire = createInquiries({ ...createSources(config), past: store?.past ?? null }, now);
    const { questions, diagnosisOf } = questionsAbout(
      { catalogue, executors, inquire, redact, now },
      alert,
    );
    if (questions.length === 0) {
      throw new CommandFailed(
        "There is nothing to ask: no source is configured (PROMETHEUS_URL, LOKI_URL, ALERTMANAGER_URL) and no runbook wants anything looked at.",
      );
    }
    const since = performance.now();
    const found = await collect(questions, { deadlineMs: DEADLINE_MS, now });
    const took = performance.now() - since;
    const items = keep(found).map((item, i): EvidenceItem => ({ ...item, id: `E${i + 1}` }));
    return { items, took, diagnosisOf };
  } finally {
    store?.close();
  }
}

function readAlert(file: string): Alert {
  const body = readJson(file);
  const [first] = z.object({ alerts: z.array(z.unknown()).min(1) }).safeParse(body).data
    ?.alerts ?? [Array.isArray(body) ? body[0] : body];
  const parsed = AlertFile.safeParse(first);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CommandFailed(
      `${file}: this is no alert: ${issue?.path.join(".") || "it"} ${issue?.message}. It needs at least {"labels": {"alertname": "…"}}.`,
    );
  }
  const { labels, annotations, startsAt, fingerprint } = parsed.data;
  return {
    labels,
    annotations: annotations ?? {},
    startsAt: startsAt ?? new Date(),
    fingerprint: fingerprint || fingerprintOf(labels),
    status: "firing",
    endsAt: null,
    generatorUrl: null,
    extra: null,
  };
}

function readJson(file: string): unknown {
  try {
    // 0 is the standard input.
    return JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "is not JSON" : "can't be read";
    throw new CommandFailed(`${file} ${why}: ${(error as Error).message}`, { cause: error });
  }
}

function itemText({ id, title, status, text }: EvidenceItem): string {
  const missing = status === "missing" ? "missing, " : "";
  return `${id} ${title}: ${missing}\n${text.replace(/^/gm, "   ")}`;
}
