import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { SecureHeadersVariables } from "hono/secure-headers";
import { NONCE, secureHeaders } from "hono/secure-headers";
import type { Session, Sessions } from "./ports.ts";
import { SESSION_HOURS } from "./ports.ts";

/** Who is asking, known to every page behind `requireSession`. */
export interface Visit extends Session {
  readonly secret: string;
  /** Whether nobody between the browser and here can have read the cookie: only then it may approve. */
  readonly isPrivate: boolean;
}

export type Env = { Variables: SecureHeadersVariables & { visit: Visit } };

/**
 * `same-origin` for the referrer, not `no-referrer`: under the latter browsers send `Origin: null` with
 * our own forms, and on plain http, where there is no Sec-Fetch-Site, the origin check is all there is.
 */
export const headers: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: [NONCE],
    styleSrc: [NONCE],
    imgSrc: ["'self'"],
    manifestSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  referrerPolicy: "same-origin",
  strictTransportSecurity: false,
  permissionsPolicy: { camera: [], geolocation: [], microphone: [], payment: [] },
});

/** Nothing of a page may stay behind in a cache or in a shared browser's back button. */
export const noStore = createMiddleware(async (c, next) => {
  await next();
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
});

/** A POST has to come from one of our own pages, whatever cookie it carries. */
export function requireOwnOrigin(publicUrl: string): MiddlewareHandler {
  return createMiddleware(async (c, next) => {
    if (!isFromOurPage(c, publicUrl)) {
      return c.text("Refused: this form was not sent from a page of this console.", 403);
    }
    return await next();
  });
}

function isFromOurPage(c: Context, publicUrl: string): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return false;
  const origin = c.req.header("origin");
  if (origin === undefined) return site === "same-origin";
  return origin === new URL(publicUrl).origin || origin === ownOrigin(c);
}

/** The console is also reached by other names than the public one, such as through an ssh tunnel. */
function ownOrigin(c: Context): string {
  const host = c.req.header("host");
  const { protocol } = new URL(c.req.url);
  return host === undefined ? new URL(c.req.url).origin : `${protocol}//${host}`;
}

/** Only what a plain form sends: a script's JSON never decides anything. */
export const requireForm = createMiddleware(async (c, next) => {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    return c.text("Refused: only a form of this console is accepted here.", 415);
  }
  return await next();
});

export function isSameSecret(given: unknown, expected: string): boolean {
  if (typeof given !== "string" || expected === "") return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** The session cookie, and the only place that knows its name. */
export interface Door {
  visit(c: Context): Promise<Visit | null>;
  /** Also ends the session this browser had before. */
  open(c: Context, secret: string): Promise<void>;
  shut(c: Context): Promise<void>;
}

export function createDoor(deps: { sessions: Sessions; isSecure: boolean }): Door {
  const name = deps.isSecure ? "__Host-countersign_session" : "countersign_session";
  const attributes = {
    path: "/",
    secure: deps.isSecure,
    httpOnly: true,
    sameSite: "Strict",
  } as const;

  async function visit(c: Context): Promise<Visit | null> {
    const secret = getCookie(c, name);
    if (secret === undefined || !isToken(secret)) return null;
    const session = await deps.sessions.session(secret);
    return session === null ? null : { ...session, secret, isPrivate: deps.isSecure || isLocal(c) };
  }

  async function open(c: Context, secret: string): Promise<void> {
    await endOld(c);
    setCookie(c, name, secret, { ...attributes, maxAge: SESSION_HOURS * 3600 });
  }

  async function shut(c: Context): Promise<void> {
    await endOld(c);
    deleteCookie(c, name, attributes);
  }

  async function endOld(c: Context): Promise<void> {
    const secret = getCookie(c, name);
    if (secret !== undefined && isToken(secret)) await deps.sessions.endSession(secret);
  }

  return { visit, open, shut };
}

/** Over https the cookie never travels in the clear; over plain http it does, unless it stays on this machine. */
function isLocal(c: Context): boolean {
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  const { hostname } = new URL(`http://${host}`);
  const isByLoopback = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  return isByLoopback && /^(?:::ffff:)?127\.|^::1$/.test(peerOf(c));
}

/** Whether this page was asked for by the name that people know, which is the one passkeys work at. */
export function isAtHome(c: Context, publicUrl: string): boolean {
  return c.req.header("host") === new URL(publicUrl).host;
}

/** The shape of sign-in tokens and session secrets; anything else never reaches the store. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{16,256}$/.test(text);
}

/** The peer's address as the server knows it; behind a proxy all people share one. */
export function peerOf(c: Context): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? "unknown";
}
