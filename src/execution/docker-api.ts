import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as overHttp } from "node:http";
import { request as overTls } from "node:https";
import type { Socket } from "node:net";
import { join } from "node:path";
import { readBody } from "./read-body.ts";

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

/**
 * Speaks HTTP to an engine named as in DOCKER_HOST, over TLS where there is a folder with `ca.pem`, `cert.pem` and
 * `key.pem`. One connection a request, no redirects.
 */
export function createDockerApi(host: string, certPath: string | null = null): DockerApi {
  const address = parseHost(host);
  const isTls = certPath !== null && address.socketPath === undefined;
  return { ask: (asked) => ask(host, address, isTls ? certPath : null, asked) };
}

/** Read at every request: certificates are renewed while the program runs. */
function start(certPath: string | null, options: RequestOptions) {
  if (certPath === null) return overHttp(options);
  const file = (name: string) => readFileSync(join(certPath, name));
  const own = { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") };
  return overTls({ ...options, ...own, rejectUnauthorized: true, minVersion: "TLSv1.2" });
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
  certPath: string | null,
  { method, path, timeoutMs, signal, maxBodyBytes = 1024 * 1024 }: DockerRequest,
): Promise<DockerResponse> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const options: RequestOptions = {
    ...address,
    method,
    path,
    agent: false,
    headers: { Accept: "application/json", "Content-Length": 0 },
    signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
  };
  let wasSent = false;
  let outgoing: ReturnType<typeof start> | undefined;

  try {
    const begun = start(certPath, options);
    outgoing = begun;
    begun.once("socket", (socket: Socket) => {
      socket.once(certPath === null ? "connect" : "secureConnect", () => {
        wasSent = true;
      });
    });
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      begun.once("response", resolve).on("error", reject).end();
    });
    return { status: incoming.statusCode ?? 0, ...(await readBody(incoming, maxBodyBytes)) };
  } catch (error) {
    const why = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error);
    throw new EngineUnreachable(
      `The container engine can't be reached: ${why}. Is it running? DOCKER_HOST=${host}`,
      { mayHaveActed: wasSent && method !== "GET", cause: error },
    );
  } finally {
    outgoing?.destroy();
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return message.includes(".pem") ? message : "the socket does not exist";
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
