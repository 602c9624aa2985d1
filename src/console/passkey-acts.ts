import { Hono } from "hono";
import { z } from "zod";
import { createBucket } from "./bucket.ts";
import type { Ceremonies } from "./ceremonies.ts";
import type { Env } from "./guard.ts";
import { isSure } from "./passkeys.tsx";
import type { ConsoleDeps, Session } from "./ports.ts";

const CHALLENGES = { burst: 10, everyMs: 6_000 };

const NewPasskey = z.object({ name: z.string().trim().min(1).max(60), passkey: z.string() });
const OldPasskey = z.object({ passkey: z.string().max(1500) });
const Approval = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });

export const NO_SITE = "There are no passkeys at this address.";
const TOO_MANY = "That were many tries with a passkey. Wait a minute.";
const SIGN_IN_ANEW = "Sign in anew first, with a passkey or by a link from the machine.";

/** A person's own passkeys. Behind the guard of all forms; see `createActs`. */
export function createPasskeyActs(deps: ConsoleDeps & { ceremonies: Ceremonies }): Hono<Env> {
  const { ceremonies, passkeys, sessions, log } = deps;
  const app = new Hono<Env>();
  const bucket = createBucket({ ...CHALLENGES, now: deps.now });

  app.on("POST", ["/passkeys/challenge", "/incidents/:id/challenge"], async (c, next) => {
    if (ceremonies.site === null) return c.text(NO_SITE, 404);
    return bucket.take(c.get("visit").person.name) ? await next() : c.text(TOO_MANY, 429);
  });

  app.post("/passkeys/challenge", async (c) => {
    const visit = c.get("visit");
    if (!isSure(visit, deps.now())) return c.text(SIGN_IN_ANEW, 403);
    return c.json(await ceremonies.toAdd(visit));
  });

  app.post("/incidents/:id/challenge", async (c) => {
    const form = Approval.safeParse(await c.req.parseBody());
    const visit = c.get("visit");
    if (!form.success) return c.text("This is not a form of this console.", 400);
    return c.json(await ceremonies.toApprove(visit, form.data.digest));
  });

  app.post("/passkeys", async (c) => {
    const form = NewPasskey.safeParse(await c.req.parseBody());
    const visit = c.get("visit");
    const isAdded =
      form.success &&
      isSure(visit, deps.now()) &&
      (await ceremonies.added(visit, form.data.passkey, form.data.name));
    if (!isAdded) await passkeys.refused(visit.person.name);
    log.info({ person: visit.person.name, isAdded }, "a passkey was to be added");
    return c.redirect(`/sessions?flash=${isAdded ? "passkey_added" : "passkey_refused"}`, 303);
  });

  app.post("/passkeys/removal", async (c) => {
    const form = OldPasskey.safeParse(await c.req.parseBody());
    const visit = c.get("visit");
    const isGone =
      form.success &&
      isSure(visit, deps.now()) &&
      (await passkeys.remove(form.data.passkey, visit.person.name));
    if (isGone) await endOthersBegunWithOne(visit, await sessions.idOf(visit.secret));
    log.info({ person: visit.person.name, isGone }, "a passkey was to be removed");
    return c.redirect(`/sessions?flash=${isGone ? "passkey_removed" : "passkey_kept"}`, 303);
  });

  /** Whoever has the device may be signed in with it. */
  async function endOthersBegunWithOne({ person }: Session, current: string): Promise<void> {
    const all = await sessions.list(person);
    const theirs = all.filter(
      (one) => one.person === person.name && one.way === "passkey" && one.id !== current,
    );
    await sessions.revoke(
      theirs.map(({ id }) => id),
      person,
    );
  }

  return app;
}
