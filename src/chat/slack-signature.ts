import { createHmac, timingSafeEqual } from "node:crypto";

const WINDOW_SECONDS = 300;
const REMEMBERED_MS = 2 * WINDOW_SECONDS * 1000;

export interface Signed {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  /** As it came, byte for byte. */
  readonly body: string;
}

export type Authenticity = "genuine" | "forged" | "stale" | "replayed";

/** Whether Slack sent it, just now, and not for a second time. */
export function createSignatures(secret: string, now: () => Date) {
  /** Only what was genuine is remembered, so that nobody else can fill it. */
  const seen = new Map<string, number>();

  return function authenticate({ timestamp, signature, body }: Signed): Authenticity {
    const at = now().getTime();
    if (!isSigned(secret, { timestamp, signature, body })) return "forged";
    // The future too: a clock that was wrong once must not make a request good for later.
    if (Math.abs(at / 1000 - Number(timestamp)) > WINDOW_SECONDS) return "stale";
    for (const [old, until] of seen) if (until <= at) seen.delete(old);
    const name = String(signature);
    if (seen.has(name)) return "replayed";
    seen.set(name, at + REMEMBERED_MS);
    return "genuine";
  };
}

export function isSigned(secret: string, { timestamp, signature, body }: Signed): boolean {
  if (secret === "" || !/^\d{1,12}$/.test(timestamp ?? "")) return false;
  const given = Buffer.from(signature ?? "");
  const own = Buffer.from(
    `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`,
  );
  return given.length === own.length && timingSafeEqual(given, own);
}
