import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/**
 * Loki's query API, as strict as Loki: nanoseconds, a direction and a limit it knows, selectors that it can read. It knows
 * stream selectors, `|=`, and `sum(count_over_time(…))`; what it does not know it refuses instead of guessing.
 */
export interface FakeLine {
  readonly labels: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly text: string;
}

const MOST_ENTRIES = 5_000;
const STRING = String.raw`"(?:\\.|[^"\\])*"`;
const SELECTOR = new RegExp(
  String.raw`^\{(?<matchers>(?:[^"}]|${STRING})*)\}\s*(?<filter>(?:\|=\s*${STRING}\s*)*)$`,
);
const MATCHER = new RegExp(
  String.raw`^\s*(?<name>[a-zA-Z_]\w*)\s*(?<operator>=~|!=|=)\s*(?<value>${STRING})\s*(?:,|$)`,
);
const COUNT = /^sum\(count_over_time\((?<inner>.*) \[(?<seconds>\d+)s\]\)\)$/s;

class Refused extends Error {}

export async function startFakeLoki(lines: readonly FakeLine[]) {
  const asked: string[] = [];
  const pushed: FakeLine[] = [];
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://loki");
    asked.push(`${url.pathname}${url.search}`);
    if (url.pathname === "/loki/api/v1/push") {
      void take(incoming, pushed).then((why) =>
        response.writeHead(why === null ? 204 : 400, { "content-type": "text/plain" }).end(why),
      );
      return;
    }
    try {
      if (incoming.method !== "GET") throw new Refused("method not allowed");
      send(response, 200, { status: "success", data: answer(lines, url) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Loki says what is wrong in plain text.
      response.writeHead(400, { "content-type": "text/plain" }).end(error.message);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    pushed,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const Push = z.strictObject({
  streams: z
    .array(
      z.strictObject({
        stream: z.record(z.string().regex(/^[a-zA-Z_]\w*$/), z.string()),
        values: z.array(z.tuple([z.string().regex(/^\d{19}$/), z.string()])).min(1),
      }),
    )
    .min(1),
});
/** As Loki does with its usual limits: half of `max_chunk_age`, behind the newest of the stream. */
const TOO_FAR_BEHIND_MS = 3_600_000;

/** Why it takes nothing of this, or null. The same line at the same time is kept once. */
async function take(incoming: IncomingMessage, pushed: FakeLine[]): Promise<string | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  if (incoming.method !== "POST") return "method not allowed";
  if (incoming.headers["content-type"] !== "application/json") return "unsupported content type";
  const body = Push.safeParse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  if (!body.success) return `couldn't parse push request: ${body.error.message}`;
  for (const { stream, values } of body.data.streams) {
    if (Object.keys(stream).length === 0) return "at least one label pair is required per stream";
    for (const [at, text] of values) {
      const newest = Math.max(0, ...pushed.map((one) => one.atMs));
      const atMs = Number(at.slice(0, -6));
      if (atMs < newest - TOO_FAR_BEHIND_MS) return "entry too far behind";
      const isThere = pushed.some((one) => one.atMs === atMs && one.text === text);
      if (!isThere) pushed.push({ labels: stream, atMs, text });
    }
  }
  return null;
}

function answer(lines: readonly FakeLine[], { pathname, searchParams }: URL): unknown {
  const values = /^\/loki\/api\/v1\/label\/([^/]+)\/values$/.exec(pathname)?.[1];
  if (values !== undefined) {
    const found = within(lines, spanOf(searchParams)).map(({ labels }) => labels[values]);
    return listed(found.filter((value) => value !== undefined));
  }
  switch (pathname) {
    case "/loki/api/v1/labels":
      return listed(
        within(lines, spanOf(searchParams)).flatMap(({ labels }) => Object.keys(labels)),
      );
    case "/loki/api/v1/query_range":
      return range(lines, searchParams);
    case "/loki/api/v1/query":
      return instant(lines, searchParams);
    default:
      throw new Refused("404 page not found");
  }
}

/** Where there is nothing, Loki leaves the list out. */
function listed(names: readonly string[]): string[] | undefined {
  return names.length === 0 ? undefined : [...new Set(names)].sort();
}

function range(lines: readonly FakeLine[], params: URLSearchParams): unknown {
  const limit = Number(params.get("limit") ?? 100);
  if (!Number.isInteger(limit) || limit <= 0) throw new Refused("limit must be a positive value");
  if (limit > MOST_ENTRIES) {
    throw new Refused(
      `max entries limit per query exceeded, limit > max_entries_limit (${limit} > ${MOST_ENTRIES})`,
    );
  }
  if (params.get("direction") !== "backward") throw new Refused("invalid direction");
  const span = spanOf(params);
  const query = params.get("query") ?? "";
  const counted = COUNT.exec(query)?.groups;
  if (counted !== undefined) {
    const stepMs = Number(params.get("step")) * 1000;
    const chosen = select(counted.inner ?? "", lines);
    const points: [number, string][] = [];
    for (let at = span.fromMs; at <= span.toMs; at += stepMs) {
      const count = within(chosen, {
        fromMs: at - Number(counted.seconds) * 1000,
        toMs: at,
      }).length;
      if (count > 0) points.push([at / 1000, String(count)]);
    }
    return {
      resultType: "matrix",
      result: points.length === 0 ? [] : [{ metric: {}, values: points }],
    };
  }
  const chosen = within(select(query, lines), span)
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, limit);
  const streams = new Map<string, FakeLine[]>();
  for (const line of chosen) {
    const key = JSON.stringify(line.labels);
    streams.set(key, [...(streams.get(key) ?? []), line]);
  }
  return {
    resultType: "streams",
    result: [...streams].map(([labels, members]) => ({
      stream: JSON.parse(labels),
      values: members.map(({ atMs, text }) => [`${atMs}000000`, text]),
    })),
  };
}

function instant(lines: readonly FakeLine[], params: URLSearchParams): unknown {
  const counted = COUNT.exec(params.get("query") ?? "")?.groups;
  // A log query is refused there since 2.8.
  if (counted === undefined)
    throw new Refused("log queries are not supported as an instant query type");
  const toMs = time(params.get("time"));
  const found = select(counted.inner ?? "", lines);
  const count = within(found, { fromMs: toMs - Number(counted.seconds) * 1000, toMs }).length;
  return {
    resultType: "vector",
    result: count === 0 ? [] : [{ metric: {}, value: [toMs / 1000, String(count)] }],
  };
}

function select(query: string, lines: readonly FakeLine[]): FakeLine[] {
  const parts = SELECTOR.exec(query.trim())?.groups;
  if (parts === undefined) throw new Refused(`parse error : syntax error in ${query}`);
  const matchers: ((labels: FakeLine["labels"]) => boolean)[] = [];
  let isEmpty = true;
  let rest = parts.matchers ?? "";
  while (rest.trim() !== "") {
    const found = MATCHER.exec(rest);
    if (found?.groups === undefined) throw new Refused(`parse error : unexpected ${rest}`);
    const { name = "", operator, value = '""' } = found.groups;
    const wanted = JSON.parse(value) as string;
    isEmpty &&= wanted === "" || operator === "!=";
    const regex = operator === "=~" ? new RegExp(`^(?:${wanted})$`) : null;
    matchers.push((labels) => {
      const has = labels[name] ?? "";
      return regex !== null ? regex.test(has) : (has === wanted) === (operator === "=");
    });
    rest = rest.slice(found[0].length);
  }
  if (isEmpty) {
    throw new Refused(
      "parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value",
    );
  }
  const texts = [...(parts.filter ?? "").matchAll(new RegExp(STRING, "g"))].map(
    ([text]) => JSON.parse(text) as string,
  );
  return lines.filter(
    ({ labels, text }) =>
      matchers.every((matches) => matches(labels)) && texts.every((one) => text.includes(one)),
  );
}

function within(lines: readonly FakeLine[], { fromMs, toMs }: { fromMs: number; toMs: number }) {
  return lines.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

function spanOf(params: URLSearchParams) {
  const [fromMs, toMs] = [time(params.get("start")), time(params.get("end"))];
  if (toMs <= fromMs)
    throw new Refused("the end timestamp must not be before or equal to the start time");
  return { fromMs, toMs };
}

/** Seconds would be taken for 1970. */
function time(text: string | null): number {
  if (text === null || !/^\d{19}$/.test(text))
    throw new Refused(`could not parse "${text}" as nanoseconds`);
  return Number(text.slice(0, -6));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
