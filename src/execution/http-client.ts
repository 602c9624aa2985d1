import { lookup } from "node:dns";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { BlockList, isIPv6 } from "node:net";
import { readBody } from "./read-body.ts";

export interface HttpRequest {
  /** `https://host:port` and perhaps a path; fixed by the inventory or a setting. */
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly type: string; readonly text: string } | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly maxBodyBytes?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly isCut: boolean;
}

/** There was no whole answer. `mayHaveActed`: a change had been asked for by then. */
export class ServiceUnreachable extends Error {
  override readonly name = "ServiceUnreachable";
  readonly mayHaveActed: boolean;

  constructor(message: string, options: { mayHaveActed: boolean; cause: unknown }) {
    super(message, { cause: options.cause });
    this.mayHaveActed = options.mayHaveActed;
  }
}

/** One request on a connection of its own: no redirects, no proxy, no cookies, a deadline, and so much of an answer. */
export async function askService(asked: HttpRequest): Promise<HttpAnswer> {
  const { origin, method, timeoutMs, signal, maxBodyBytes = 64 * 1024 } = asked;
  const deadline = AbortSignal.timeout(timeoutMs);
  const ends = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  const { outgoing, wasSent } = prepare(asked, ends);
  try {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve).on("error", reject).end(asked.body?.text);
    });
    return { status: incoming.statusCode ?? 0, ...(await readBody(incoming, maxBodyBytes)) };
  } catch (error) {
    const why = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error);
    throw new ServiceUnreachable(`${origin} can't be reached: ${why}`, {
      mayHaveActed: wasSent() && method !== "GET",
      cause: error,
    });
  } finally {
    outgoing.destroy();
  }
}

function prepare({ origin, method, path, headers, body }: HttpRequest, signal: AbortSignal) {
  const base = new URL(origin);
  const isTls = base.protocol === "https:";
  const options: RequestOptions = {
    method,
    protocol: base.protocol,
    hostname: base.hostname.replace(/^\[|\]$/g, ""),
    port: base.port === "" ? undefined : Number(base.port),
    path: `${base.pathname.replace(/\/$/, "")}${path}`,
    agent: false,
    lookup: expectedAddress,
    signal,
    headers: {
      Accept: "application/json",
      "User-Agent": "countersign",
      ...(body === undefined
        ? {}
        : { "Content-Type": body.type, "Content-Length": Buffer.byteLength(body.text) }),
      ...(body === undefined && method !== "GET" ? { "Content-Length": 0 } : {}),
      ...headers,
    },
  };
  const outgoing = isTls ? overHttps(options) : overHttp(options);
  let wasSent = false;
  outgoing.once("socket", (socket) => {
    socket.once(isTls ? "secureConnect" : "connect", () => {
      wasSent = true;
    });
  });
  return { outgoing, wasSent: () => wasSent };
}

/** Where no service of the inventory lives: this machine under a foreign name, clouds' metadata, everybody at once. */
const NOBODY = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
] as const) {
  NOBODY.addSubnet(net, bits, "ipv4");
}
for (const [net, bits] of [
  ["::", 127],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  NOBODY.addSubnet(net, bits, "ipv6");
}

/** T24: whoever answers for a name in the DNS does not get to send a request to this machine itself. */
const expectedAddress: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, [], 0);
    const bad = found.find(({ address }) => isUnexpected(hostname, address));
    if (bad !== undefined) {
      const text = `the name leads to ${bad.address}: write the address itself if that is meant`;
      return callback(new Error(text), [], 0);
    }
    const [first] = found;
    if (options.all === true) return callback(null, found);
    callback(null, first?.address ?? "", first?.family ?? 4);
  });
};

export function isUnexpected(hostname: string, address: string): boolean {
  if (hostname === "localhost") return false;
  return NOBODY.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOTFOUND":
      return "nobody has that name";
    case "ECONNREFUSED":
      return "nobody is listening";
    case "ECONNRESET":
      return "the connection broke";
    case "ABORT_ERR":
      return "it was stopped";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return `nobody we know vouches for its certificate (${code}); name its authority's file in NODE_EXTRA_CA_CERTS`;
    default:
      return message || (code ?? "it failed");
  }
}
