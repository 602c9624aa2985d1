import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { createBucket } from "./bucket.ts";
import type { Door, Env } from "./guard.ts";
import { isSameSecret, isToken, peerOf, requireForm } from "./guard.ts";
import type { Frame } from "./layout.tsx";
import type { ConsoleDeps } from "./ports.ts";
import {
  LinkOverPage,
  PlainPage,
  SignedOutPage,
  SignInNeededPage,
  SignInPage,
} from "./sign-in-page.tsx";
import { parseFlash } from "./words.ts";

/** Who comes in: sign-in by one-time link, sign-out, and the page everybody else sees. */
export interface Reception {
  readonly app: Hono<Env>;
  readonly requireSession: MiddlewareHandler<Env>;
  frame(c: Context<Env>): Frame;
  send(
    c: Context<Env>,
    page: JSX.Element,
    status?: ContentfulStatusCode,
  ): Response | Promise<Response>;
}

const SIGN_INS = { burst: 10, everyMs: 6_000 };

export function createReception(deps: ConsoleDeps & { door: Door }): Reception {
  const { door, sessions, log } = deps;
  const app = new Hono<Env>();
  const bucket = createBucket({ ...SIGN_INS, now: deps.now });

  app.use("/sign-in/:token", async (c, next) => {
    if (bucket.take(peerOf(c))) return await next();
    log.warn({ peer: peerOf(c) }, "too many sign-ins were tried");
    return c.text("Too many sign-ins were tried. Wait a minute.", 429, { "retry-after": "60" });
  });

  app.get("/sign-in/:token", async (c) => {
    const token = c.req.param("token");
    const person = isToken(token) ? await sessions.peekSignInToken(token) : null;
    if (person === null) return send(c, <LinkOverPage frame={frame(c)} />, 404);
    return send(c, <SignInPage frame={frame(c)} token={token} person={person} />);
  });

  app.post("/sign-in/:token", requireForm, async (c) => {
    const token = c.req.param("token");
    const session = isToken(token)
      ? await sessions.consumeSignInToken(token, c.req.header("user-agent") ?? null)
      : null;
    if (session === null) {
      log.warn({ peer: peerOf(c) }, "a sign-in link was refused");
      return send(c, <LinkOverPage frame={frame(c)} />, 404);
    }
    await door.open(c, session.secret);
    log.info({ person: session.person.name }, "signed in");
    return c.redirect("/?flash=signed_in", 303);
  });

  app.post("/sign-out", requireForm, async (c) => {
    const visit = await door.visit(c);
    const form = await c.req.parseBody();
    if (visit !== null && !isSameSecret(form.csrf, visit.csrf)) return refuseForm(c);
    await door.shut(c);
    return c.redirect("/signed-out", 303);
  });

  app.get("/signed-out", (c) => send(c, <SignedOutPage frame={frame(c)} />));

  const requireSession = createMiddleware<Env>(async (c, next) => {
    const visit = await door.visit(c);
    if (visit === null) {
      return await send(c, <SignInNeededPage frame={frame(c)} path={samePathOf(c)} />, 401);
    }
    c.set("visit", visit);
    if (visit.person.roles.length === 0) {
      const page = { ...frame(c), title: "No role" };
      const text = "The policy knows you, but gives you no role. An admin can add one.";
      return await send(c, <PlainPage frame={page} text={text} />, 403);
    }
    return await next();
  });

  function frame(c: Context<Env>): Frame {
    const visit = c.get("visit") as Env["Variables"]["visit"] | undefined;
    return {
      title: "Countersign",
      nonce: c.get("secureHeadersNonce") ?? "",
      version: deps.version,
      now: deps.now(),
      flash: parseFlash(c.req.query("flash")),
      ...(visit === undefined ? {} : { session: visit }),
    };
  }

  return { app, requireSession, frame, send };
}

function send(c: Context<Env>, page: JSX.Element, status: ContentfulStatusCode = 200) {
  return c.html(`<!doctype html>${page}`, status);
}

export function refuseForm(c: Context): Response {
  return c.text("Refused: this form is from another session. Reload its page and try again.", 403);
}

/**
 * A link pressed on another site, such as a chat in the browser, comes without the Strict cookie. The
 * sign-in page then asks for the same address once more, from here; that carries the cookie.
 */
function samePathOf(c: Context): string | null {
  if (c.req.method !== "GET" || c.req.header("sec-fetch-site") !== "cross-site") return null;
  const { pathname, search } = new URL(c.req.url);
  return /^\/(?![/\\])/.test(pathname) ? pathname + search : null;
}
