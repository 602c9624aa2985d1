import type { IncomingMessage, RequestOptions } from "node:http";
import { request } from "node:http";
import type { Socket } from "node:net";

export interface DockerRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly maxBodyBytes?: number;
}

export interface DockerResponse {
  readonly status: number;
  readonly body: Buffer;
  readonly isCut: boolean;
}

/** The engine gave no whole answer. `mayHaveActed`: a change had been asked for by then. */
export class EngineUnreachable extends Error {
  override readonly name = "EngineUnreachable";
  readonly mayHaveActed: boolean;

  constructor(message: string, options: { mayHaveActed: boolean; cause: unknown }) {
    super(message, { cause: options.cause });
    this.mayHaveActed = options.mayHaveActed;
  }
}

export interface DockerApi {
  /** @throws EngineUnreachable when there is no whole answer before the deadline */
  ask(request: DockerRequest): Promise<DockerResponse>;
}

/** Speaks HTTP to an engine named as in DOCKER_HOST. One connection a request, no redirects. */
export function createDockerApi(host: string): DockerApi {
  const address = parseHost(host);
  return { ask: (asked) => ask(host, address, asked) };
}

function parseHost(host: string): RequestOptions {
  const unix = /^unix:\/\/(?<path>\/.+)$/.exec(host)?.groups;
  if (unix?.path) return { socketPath: unix.path, host: "docker" };

  const tcp = /^tcp:\/\/(?:\[(?<v6>[0-9a-f:]+)\]|(?<name>[\w.-]+)):(?<port>\d{1,5})\/?$/i.exec(
    host,
  );
  const name = tcp?.groups?.v6 ?? tcp?.groups?.name;
  const port = Number(tcp?.groups?.port);
  if (name && port > 0 && port < 65_536) return { host: name, port };

  throw new Error(
    `DOCKER_HOST=${host} is not understood: use unix:///var/run/docker.sock or tcp://host:2375`,
  );
}

async function ask(
  host: string,
  address: RequestOptions,
  { method, path, timeoutMs, signal, maxBodyBytes = 1024 * 1024 }: DockerRequest,
): Promise<DockerResponse> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const outgoing = request({
    ...address,
    method,
    path,
    agent: false,
    headers: { Accept: "application/json", "Content-Length": 0 },
    signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
  });
  let wasSent = false;
  outgoing.once("socket", (socket: Socket) => {
    socket.once("connect", () => {
      wasSent = true;
    });
  });

  try {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve).on("error", reject).end();
    });
    return { status: incoming.statusCode ?? 0, ...(await readBody(incoming, maxBodyBytes)) };
  } catch (error) {
    const why = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error);
    throw new EngineUnreachable(
      `The container engine can't be reached: ${why}. Is it running? DOCKER_HOST=${host}`,
      { mayHaveActed: wasSent && method !== "GET", cause: error },
    );
  } finally {
    outgoing.destroy();
  }
}

async function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
): Promise<{ body: Buffer; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, maxBytes - bytes));
    bytes += chunk.length;
    if (bytes > maxBytes) return { body: Buffer.concat(chunks), isCut: true };
  }
  return { body: Buffer.concat(chunks), isCut: false };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return "the socket does not exist";
    case "EACCES":
      return "this user may not use the socket";
    case "ECONNREFUSED":
      return "nobody is listening";
    case "ECONNRESET":
      return "the connection broke";
    case "ABORT_ERR":
      return "it was stopped";
    default:
      return code ?? message;
  }
}
