import { createHash, timingSafeEqual } from "node:crypto";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";
import type { Trust } from "../incident/alert-group.ts";

const FORWARDING =
  /^(?:forwarded|via|x-forwarded(?:-.+)?|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/;
const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Compares digests, so that neither content nor length of a key shows in the time it takes. */
export function createKeyCheck(keys: readonly string[]): (given: string) => boolean {
  const digests = keys.map(digest);
  return (given) => {
    const candidate = digest(given);
    return digests.reduce((found, known) => timingSafeEqual(known, candidate) || found, false);
  };
}

/** The holder of a key, from the SHA-256 of each; all of them are compared, whichever fits. */
export function holderOf<H extends { readonly sha256: string }>(
  holders: readonly H[],
  given: string,
): H | null {
  const candidate = digest(given);
  return holders.reduce<H | null>(
    (found, holder) =>
      timingSafeEqual(Buffer.from(holder.sha256, "hex"), candidate) ? holder : found,
    null,
  );
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The keys a request shows, `X-API-Key` and `Authorization: Bearer`: a proxy may have set one of them for itself. */
export function keysOf(c: Context): string[] {
  const bearer = /^Bearer +(?<key>.+)$/i.exec(c.req.header("authorization") ?? "");
  return [c.req.header("x-api-key"), bearer?.groups?.key?.trim()].filter(
    (key) => key !== undefined,
  );
}

/**
 * Behind a proxy everybody's address is loopback: only a request without forwarding headers and with a loopback Host
 * comes from this machine itself.
 */
export function trustOf(c: Context, hasKey: boolean): Trust {
  if (hasKey) return "key";
  const isForwarded = Object.keys(c.req.header()).some((name) => FORWARDING.test(name));
  const isLocal = isLoopbackAddress(getConnInfo(c).remote.address);
  return !isForwarded && isLocal && LOOPBACK_NAMES.has(hostName(c)) ? "loopback" : "none";
}

function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.|::1$|::ffff:127\.)/.test(address);
}

/**
 * Refuses requests for a host that is not ours, so that a page elsewhere can't reach us through a name it controls.
 * Ours are the loopback names, the names given, and the very address the connection came in on.
 */
export function onlyKnownHosts(names: readonly string[]): MiddlewareHandler {
  const known = new Set([...LOOPBACK_NAMES, ...names.map((name) => name.toLowerCase())]);
  return (c, next) => {
    const host = hostName(c);
    if (known.has(host) || host === bracketed(localAddress(c))) return next();
    const refusal = c.json(
      {
        status: "refused",
        error: `Host ${JSON.stringify(host.slice(0, 100))} is not one of ours: set COUNTERSIGN_PUBLIC_URL to the address people and Alertmanager use`,
      },
      421,
    );
    return Promise.resolve(refusal);
  };
}

function hostName(c: Context): string {
  return (c.req.header("host") ?? "").toLowerCase().replace(/:\d+$/, "");
}

function localAddress(c: Context): string | undefined {
  const { incoming } = c.env as { incoming?: { socket?: { localAddress?: string } } };
  return incoming?.socket?.localAddress?.replace(/^::ffff:/, "");
}

function bracketed(address: string | undefined): string | undefined {
  return address?.includes(":") ? `[${address}]` : address;
}
