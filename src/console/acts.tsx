import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { createBucket } from "./bucket.ts";
import type { Ceremonies } from "./ceremonies.ts";
import { CommandPage } from "./command-page.tsx";
import { NOT_OVER_PLAIN_HTTP } from "./decision-form.tsx";
import type { Env } from "./guard.ts";
import { isSameSecret, requireForm } from "./guard.ts";
import { isId } from "./pages.tsx";
import { createPasskeyActs } from "./passkey-acts.ts";
import type { CommandAnswer, ConsoleDeps, ReviewResult, SessionLine } from "./ports.ts";
import type { Reception } from "./reception.tsx";
import { refuseForm } from "./reception.tsx";
import { TestAlertPage } from "./settings-page.tsx";
import type { Flash } from "./words.ts";
import { flashOf, incidentPath } from "./words.ts";

const Reason = z
  .string()
  .trim()
  .max(500)
  .transform((text) => (text === "" ? null : text));

const PARAM = "param.";
const MOST_PARAMS = 32;

const DecisionForm = z.object({
  decision: z.enum(["approve", "reject"]),
  plan_code: z.string().regex(/^[0-9a-f]{8}$/),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  reason: Reason.default(null),
  typed_code: z
    .string()
    .max(40)
    .transform((text) => text.replaceAll(/[\s-]/g, "").toLowerCase())
    .optional(),
  passkey: z.string().default(""),
});

const EditForm = z
  .looseObject({
    plan_code: z.string().regex(/^[0-9a-f]{8}$/),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .transform(({ plan_code, digest, ...fields }, context) => {
    const params = Object.entries(fields).filter(([name]) => name.startsWith(PARAM));
    const wrong = params.length === 0 || params.length > MOST_PARAMS;
    if (wrong || params.some(([, value]) => typeof value !== "string")) {
      context.addIssue({ code: "custom", message: "values are texts" });
      return z.NEVER;
    }
    const named = params.map(([name, value]) => [name.slice(PARAM.length), String(value)] as const);
    return { planCode: plan_code, digest, params: Object.fromEntries(named) };
  });

const CommandForm = z.object({ text: z.string().trim().min(1).max(1000) });

/**
 * Commands that only read, or only make it stricter. Everything else, confirmations too, is refused over plain http: a list
 * of what is forbidden would miss how else a command can be spelled.
 */
const GIVES_NO_LEAVE =
  /^\/?(?:start|help|whoami|status|health|alerts|incident|history|pending|cost|runbooks?|audit|grants|revoke|ack|reject|silence|disable_autohealing)(?:\s|$)/i;

const TestAlertForm = z.object({ severity: z.enum(["critical", "warning", "info"]) });
const RevokeForm = z.object({ session: z.string().regex(/^(?:others|[0-9a-f]{16})$/) });
const TEST_ALERTS = { burst: 5, everyMs: 60_000 };

const ReviewForm = z.object({ incident: z.string().refine(isId) });

const Word = z.string().min(1).max(200);
const TakeBackForm = z.object({ runbook: Word, action: Word, target: Word });

const takeBackFlashes = {
  taken_back: "taken_back",
  not_found: "take_back_not_found",
  not_allowed: "take_back_refused",
} as const satisfies Record<string, Flash>;

const reviewFlashes: Record<ReviewResult, Flash> = {
  reviewed: "reviewed",
  already_reviewed: "already_reviewed",
  not_allowed: "review_refused",
  not_found: "review_not_found",
};

/** Everything that changes something: a form of ours, sent by a person who is signed in. */
export function createActs(
  deps: ConsoleDeps & { reception: Reception; ceremonies: Ceremonies },
): Hono<Env> {
  const { desk, reception, ceremonies, log } = deps;
  const app = new Hono<Env>();
  const bucket = createBucket({ ...TEST_ALERTS, now: deps.now });

  app.on("POST", "*", requireForm, async (c, next) => {
    const form = await c.req.parseBody();
    return isSameSecret(form.csrf, c.get("visit").csrf) ? await next() : refuseForm(c);
  });

  app.route("/", createPasskeyActs(deps));

  // They approve nothing themselves, and still loosen what stands or put another plan in its place.
  const loosening = ["/incidents/:id/edits", "/executions/:id/reviewed", "/executions/:id/undo"];
  app.on("POST", loosening, async (c, next) =>
    c.get("visit").isPrivate ? await next() : c.text(NOT_OVER_PLAIN_HTTP, 403),
  );

  app.post("/incidents/:id/decisions", async (c) => {
    const form = DecisionForm.safeParse(await c.req.parseBody());
    const id = c.req.param("id");
    if (!form.success || !isId(id)) return refuseShape(c);
    const { decision, plan_code, digest, reason, typed_code, passkey: answer } = form.data;
    // The typed code is compared with the page the person typed it on; the desk compares both with the plan.
    if (typed_code !== undefined && typed_code !== digest.slice(0, 8)) {
      return backTo(c, id, "wrong_code");
    }
    const visit = c.get("visit");
    const { person, isPrivate, way: signedIn } = visit;
    if (decision === "approve" && !isPrivate) return c.text(NOT_OVER_PLAIN_HTTP, 403);
    const passkey = answer === "" ? undefined : await ceremonies.approved(visit, digest, answer);
    if (passkey === null) {
      await deps.passkeys.refused(person.name);
      return backTo(c, id, "passkey_wrong");
    }
    const ruling = await desk.decide({
      planCode: typed_code ?? plan_code,
      digest,
      decision,
      person,
      reason,
      via: typed_code === undefined ? "tap" : "typed",
      signedIn,
      passkey: passkey?.id,
    });
    log.info(
      { person: person.name, decision, planCode: plan_code, outcome: ruling.outcome },
      "a decision came in",
    );
    return backTo(c, "request" in ruling ? ruling.request.incidentId : id, flashOf(ruling));
  });

  app.post("/incidents/:id/edits", async (c) => {
    const form = EditForm.safeParse(await c.req.parseBody());
    const id = c.req.param("id");
    if (!form.success || !isId(id)) return refuseShape(c);
    const session = c.get("visit");
    const result = await desk.edit({ ...form.data, person: session.person });
    if (result.outcome === "edited") return backTo(c, result.incidentId, "edited");
    const { planCode } = form.data;
    const frame = { ...reception.frame(c), session, status: await desk.status() };
    const answer = { text: result.text };
    return reception.send(
      c,
      <CommandPage frame={frame} said={`edit ${planCode}`} answer={answer} />,
    );
  });

  app.post("/executions/:id/reviewed", async (c) => {
    const form = ReviewForm.safeParse(await c.req.parseBody());
    const id = c.req.param("id");
    if (!form.success || !isId(id)) return refuseShape(c);
    const result = await desk.markReviewed(id, c.get("visit").person);
    return backTo(c, form.data.incident, reviewFlashes[result]);
  });

  app.post("/executions/:id/undo", async (c) => {
    const form = ReviewForm.safeParse(await c.req.parseBody());
    const id = c.req.param("id");
    if (!form.success || !isId(id)) return refuseShape(c);
    const { person } = c.get("visit");
    const answer = await desk.undo(id, person);
    log.info(
      { person: person.name, execution: id, outcome: answer.outcome },
      "an undo was asked for",
    );
    if (answer.outcome === "asked") return backTo(c, answer.incidentId, "undo_asked");
    if (answer.outcome !== "refused") return backTo(c, form.data.incident, "undo_duplicate");
    // Why not is a sentence of its own, so it is answered as the command would be.
    const text = answer.reasons.map((reason) => reason.text).join("\n");
    return await said(c, `/undo ${id}`, { text });
  });

  app.post("/autonomy/revoke", async (c) => {
    const form = TakeBackForm.safeParse(await c.req.parseBody());
    if (!form.success) return refuseShape(c);
    const { runbook: runbookId, action: actionId, target } = form.data;
    const { person } = c.get("visit");
    const outcome = await desk.takeBack({ runbookId, actionId, target }, person);
    log.info({ person: person.name, ...form.data, outcome }, "leave to run unasked: take it back");
    return c.redirect(`/autonomy?flash=${takeBackFlashes[outcome]}`, 303);
  });

  app.post("/sessions/revoke", async (c) => {
    const form = RevokeForm.safeParse(await c.req.parseBody());
    if (!form.success) return refuseShape(c);
    const { person, secret } = c.get("visit");
    const [all, mine] = await Promise.all([deps.sessions.list(person), deps.sessions.idOf(secret)]);
    const isMeant = ({ id, person: whose }: SessionLine) =>
      form.data.session === "others"
        ? whose === person.name && id !== mine
        : id === form.data.session;
    const ids = all.filter(isMeant).map(({ id }) => id);
    const count = await deps.sessions.revoke(ids, person);
    log.info({ person: person.name, count }, "sessions were ended");
    return c.redirect(`/sessions?flash=${count > 0 ? "revoked" : "not_revoked"}`, 303);
  });

  app.post("/record/verify", async (c) => {
    await deps.reads.verifyRecord();
    return c.redirect("/record", 303);
  });

  app.post("/test-alert", async (c) => {
    const form = TestAlertForm.safeParse(await c.req.parseBody());
    if (!form.success) return refuseShape(c);
    const session = c.get("visit");
    const { person } = session;
    const answer = bucket.take(person.name)
      ? await deps.reads.sendTest({ ...form.data, person })
      : { outcome: "refused" as const, text: "That was one a moment ago. Wait a minute." };
    log.info({ person: person.name, outcome: answer.outcome }, "a test alert was asked for");
    const frame = { ...reception.frame(c), session, status: await desk.status() };
    return reception.send(c, <TestAlertPage {...{ frame, answer }} />);
  });

  app.post("/command", async (c) => {
    const form = CommandForm.safeParse(await c.req.parseBody());
    if (!form.success) return refuseShape(c);
    const { text } = form.data;
    if (!c.get("visit").isPrivate && !GIVES_NO_LEAVE.test(text)) {
      return c.text(NOT_OVER_PLAIN_HTTP, 403);
    }
    return await said(c, text, await deps.runCommand(text, c.get("visit")));
  });

  async function said(c: Context<Env>, text: string, answer: CommandAnswer): Promise<Response> {
    const frame = {
      ...reception.frame(c),
      session: c.get("visit"),
      status: await desk.status(),
    };
    return reception.send(c, <CommandPage frame={frame} said={text} answer={answer} />);
  }

  return app;
}

function backTo(c: Context, incidentId: string, flash: Flash): Response {
  return c.redirect(`${incidentPath(incidentId)}?flash=${flash}`, 303);
}

function refuseShape(c: Context): Response {
  return c.text("Refused: this is not a form of this console. Reload its page and try again.", 400);
}
