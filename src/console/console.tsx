import type { Context } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createActs } from "./acts.tsx";
import { createAssets } from "./assets.ts";
import { createCeremonies } from "./ceremonies.ts";
import type { Env } from "./guard.ts";
import { createDoor, headers, noStore, requireOwnOrigin } from "./guard.ts";
import { createLive } from "./live.ts";
import { createPages } from "./pages.tsx";
import type { ConsoleDeps } from "./ports.ts";
import { createReception } from "./reception.tsx";
import { PlainPage } from "./sign-in-page.tsx";

/** Closing ends the live pages; the app itself holds nothing else open. */
export interface Console {
  readonly app: Hono<Env>;
  /** Whether a person with a role is signed in: such a one may read whatever there is. */
  isSignedIn(c: Context): Promise<boolean>;
  close(): void;
}

const HEARTBEAT_MS = 15_000;
const FORM_BYTES = 16 * 1024;

/**
 * The built-in web page: one more channel, and the trusted view, because here an argv of any length is
 * shown whole. It reads what is stored and hands decisions on; it never decides, stores or runs.
 * Mount it last: what it does not know it answers with its own 404.
 */
export function createConsole(deps: ConsoleDeps): Console {
  const app = new Hono<Env>();
  const door = createDoor(deps);
  const live = createLive({ ...deps, heartbeatMs: deps.heartbeatMs ?? HEARTBEAT_MS });
  const ceremonies = createCeremonies(deps);
  const reception = createReception({ ...deps, door, ceremonies });

  app.use(headers, noStore);
  app.on(
    "POST",
    "*",
    bodyLimit({ maxSize: FORM_BYTES, onError: (c) => c.text("This form is too long.", 413) }),
    requireOwnOrigin(deps.publicUrl),
  );

  app.route("/assets", createAssets());
  app.route("/", reception.app);
  app.get("/api/events", async (c) => {
    const mayListen = async () => deps.holdsKey(c) || (await door.visit(c)) !== null;
    if (!(await mayListen())) return c.text("Sign in first, or show a key.", 401);
    return live.stream(c, mayListen);
  });
  app.use(reception.requireSession);
  app.route("/", createPages({ ...deps, reception, ceremonies }));
  app.route("/", createActs({ ...deps, reception, ceremonies }));

  app.all("*", (c) => {
    const frame = { ...reception.frame(c), title: "No such page" };
    return reception.send(c, <PlainPage frame={frame} text="There is nothing here." />, 404);
  });
  app.onError((error, c) => {
    deps.log.error({ err: error, path: c.req.path }, "a console page failed");
    const text =
      "The log says why. If you sent a form, look at what became of it before you send it again.";
    const frame = { ...reception.frame(c), title: "Something went wrong" };
    return reception.send(c, <PlainPage frame={frame} text={text} />, 500);
  });

  async function isSignedIn(c: Context): Promise<boolean> {
    const visit = await door.visit(c);
    return visit !== null && visit.person.roles.length > 0;
  }

  return { app, isSignedIn, close: live.close };
}
