import { askSource } from "./ask-source.ts";
import { escalate, page, remind } from "./call.ts";
import { earn } from "./earn.ts";
import { execute } from "./execute.ts";
import { investigate } from "./investigate.ts";
import { opine } from "./opine.ts";
import type { Ports, StepEnd } from "./ports.ts";
import { DONE } from "./ports.ts";
import { putForward } from "./put-forward.ts";
import { tendSilence } from "./silence.ts";
import { tellPlace } from "./tell-place.ts";
import { verify } from "./verify.ts";

export interface Step {
  readonly kind:
    | "ask_source"
    | "investigate"
    | "opine"
    | "propose"
    | "execute"
    | "verify"
    | "earn"
    | "silence"
    | "remind"
    | "escalate"
    | "page"
    | "tell"
    | "expire";
  readonly subject: string;
  readonly attempts: number;
}

/**
 * The journey, as small steps between stored states: an alert is investigated, an action is proposed, the policy or
 * people approve it, it is executed once, and what came of it is verified. People answer late and processes die, so
 * each step reads what is stored, does one thing, and stores the result together with the next step.
 */
export async function respond(ports: Ports, { kind, subject, attempts }: Step): Promise<StepEnd> {
  switch (kind) {
    case "ask_source":
      return await askSource(ports, Number(subject), attempts);
    case "investigate":
      return await investigate(ports, Number(subject));
    case "opine":
      return await opine(ports, subject, attempts);
    case "propose":
      return await putForward(ports, Number(subject));
    case "execute":
      return await execute(ports, subject);
    case "verify":
      return await verify(ports, subject, attempts);
    case "earn":
      return await earn(ports, subject);
    case "silence":
      return await tendSilence(ports, subject);
    case "remind":
      return await remind(ports, subject);
    case "escalate":
      return await escalate(ports, subject);
    case "page":
      return await page(ports, subject);
    case "tell":
      return await tellPlace(ports, subject, attempts);
    case "expire":
      await ports.store.endRequest(subject, "expired", "nobody decided in time");
      return DONE;
  }
}
