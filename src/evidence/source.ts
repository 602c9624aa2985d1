const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const LONGEST_REFUSAL = 200;

export interface SourceAccess {
  readonly url: string;
  readonly authorization: string | null;
}

/** A source did not answer, or not with what was asked for. The message names the source and is fit for a card. */
export class SourceFailed extends Error {
  override readonly name = "SourceFailed";
}

interface Asked {
  readonly method?: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: URLSearchParams;
  readonly json?: unknown;
  /** In Prometheus' text format. */
  readonly metrics?: string;
}

/**
 * One question to a source's HTTP API: bounded in time and size, redirects not followed.
 * @throws SourceFailed
 */
export async function ask(
  name: string,
  { url, authorization }: SourceAccess,
  path: string,
  { json, metrics, ...init }: Asked = {},
): Promise<unknown> {
  try {
    const response = await fetch(url + path, {
      ...init,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(metrics === undefined ? {} : { body: metrics }),
      headers: {
        // Packing costs a source nearby more time than sending does.
        "accept-encoding": "identity",
        ...(authorization === null ? {} : { authorization }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...(metrics === undefined ? {} : { "content-type": "text/plain; version=0.0.4" }),
      },
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await readBounded(name, response);
    if (!response.ok) throw new SourceFailed(refusal(name, response.status, text));
    // What takes something may have nothing to say.
    const maySayNothing = json !== undefined || metrics !== undefined || init.method === "DELETE";
    return maySayNothing && text === "" ? null : JSON.parse(text);
  } catch (error) {
    if (error instanceof SourceFailed) throw error;
    throw new SourceFailed(`${name} at ${new URL(url).host}: ${explain(error)}`, { cause: error });
  }
}

/** A password that is missing or wrong is the one refusal whose way out is a setting of ours. */
function refusal(name: string, status: number, text: string): string {
  const said = `${name} answers ${status}: ${text.slice(0, LONGEST_REFUSAL)}`;
  if (status !== 401 && status !== 403) return said;
  const prefix = name.toUpperCase();
  const basic = name === "Grafana" ? "" : `, or ${prefix}_USERNAME and ${prefix}_PASSWORD`;
  return `${said.trim()} (set ${prefix}_TOKEN${basic})`;
}

async function readBounded(name: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new SourceFailed(`${name}: the answer is over 4 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  if (error instanceof SyntaxError) return "the answer is not JSON";
  const { code, message } = (error.cause ?? {}) as { code?: string; message?: string };
  if (message === "unexpected redirect") return "it sends elsewhere, which is not followed";
  return code === undefined ? (message ?? error.message) : `can't be reached (${code})`;
}
