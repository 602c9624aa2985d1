import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { createBucket } from "./bucket.ts";
import type { Ceremonies } from "./ceremonies.ts";
import type { Door, Env } from "./guard.ts";
import { isAtHome, isSameSecret, isToken, peerOf, requireForm } from "./guard.ts";
import type { Frame } from "./layout.tsx";
import { NO_SITE } from "./passkey-acts.ts";
import type { ConsoleDeps } from "./ports.ts";
import type { GateFrame } from "./sign-in-page.tsx";
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

export function createReception(
  deps: ConsoleDeps & { door: Door; ceremonies: Ceremonies },
): Reception {
  const { door, sessions, ceremonies, log } = deps;
  const app = new Hono<Env>();
  const bucket = createBucket({ ...SIGN_INS, now: deps.now });

  app.use("/sign-in/:token?", async (c, next) => {
    if (bucket.take(peerOf(c))) return await next();
    log.warn({ peer: peerOf(c) }, "too many sign-ins were tried");
    return c.text("Too many sign-ins were tried. Wait a minute.", 429, { "retry-after": "60" });
  });

  app.get("/sign-in/:token", async (c) => {
    const token = c.req.param("token");
    const person = isToken(token) ? await sessions.peekSignInToken(token) : null;
    if (person === null) return send(c, <LinkOverPage frame={gate(c)} />, 404);
    return send(c, <SignInPage frame={frame(c)} token={token} person={person} />);
  });

  app.post("/sign-in/challenge", requireForm, async (c) =>
    ceremonies.site === null ? c.text(NO_SITE, 404) : c.json(await ceremonies.toSignIn()),
  );

  app.post("/sign-in", requireForm, async (c) => {
    const { passkey: answer, to } = await c.req.parseBody();
    const agent = c.req.header("user-agent") ?? null;
    const passkey = await ceremonies.signedIn(typeof answer === "string" ? answer : "");
    const secret = passkey && (await sessions.begin(passkey.person, agent));
    if (passkey === null || secret === null) {
      log.warn({ peer: peerOf(c) }, "a passkey signed nobody in");
      return send(c, <SignedOutPage frame={gate(c)} title="That passkey is not known here" />, 403);
    }
    await door.open(c, secret);
    log.info({ person: passkey.person }, "signed in with a passkey");
    return c.redirect(isOwnPath(to) ? to : "/", 303);
  });

  app.post("/sign-in/:token", requireForm, async (c) => {
    const token = c.req.param("token");
    const session = isToken(token)
      ? await sessions.consumeSignInToken(token, c.req.header("user-agent") ?? null)
      : null;
    if (session === null) {
      log.warn({ peer: peerOf(c) }, "a sign-in link was refused");
      return send(c, <LinkOverPage frame={gate(c)} />, 404);
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

  app.get("/signed-out", (c) =>
    send(c, <SignedOutPage frame={gate(c)} title="You are signed out" />),
  );

  const requireSession = createMiddleware<Env>(async (c, next) => {
    const visit = await door.visit(c);
    if (visit === null) {
      return await send(c, <SignInNeededPage frame={gate(c)} path={samePathOf(c)} />, 401);
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

  /** Around the pages of whoever is not signed in; a passkey brings them to where they wanted to be. */
  function gate(c: Context<Env>): GateFrame {
    const usesPasskeys = ceremonies.site !== null && isAtHome(c, deps.publicUrl);
    const { pathname, search } = new URL(c.req.url);
    const isPage = c.req.method === "GET" && !/^\/sign/.test(pathname);
    return { ...frame(c), usesPasskeys, to: isPage ? pathname + search : "/" };
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
  return isOwnPath(pathname) ? pathname + search : null;
}

function isOwnPath(text: unknown): text is string {
  return typeof text === "string" && /^\/(?![/\\])/.test(text);
}
