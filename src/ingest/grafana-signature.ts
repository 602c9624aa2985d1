import { createHmac, timingSafeEqual } from "node:crypto";

const WINDOW_SECONDS = 300;
const REMEMBERED_MS = 2 * WINDOW_SECONDS * 1000;

export interface Signed {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  /** As it came, byte for byte. */
  readonly body: Uint8Array;
}

export type Authenticity =
  | "genuine"
  | "unsigned"
  | "no_timestamp"
  | "forged"
  | "stale"
  | "replayed";

/** Whether Grafana sent it, just now, and not for a second time. */
export function createGrafanaSignatures(secret: string, now: () => Date) {
  /** Only what was genuine is remembered, so that nobody else can fill it. */
  const seen = new Map<string, number>();

  function authenticate({ timestamp, signature, body }: Signed): Authenticity {
    if (signature === undefined) return "unsigned";
    if (timestamp === undefined) return "no_timestamp";
    if (!isSigned(secret, { timestamp, signature, body })) return "forged";
    const at = now().getTime();
    // The future too: a clock that was wrong once must not make a request good for later.
    if (Math.abs(at / 1000 - Number(timestamp)) > WINDOW_SECONDS) return "stale";
    for (const [old, until] of seen) if (until <= at) seen.delete(old);
    if (seen.has(signature)) return "replayed";
    seen.set(signature, at + REMEMBERED_MS);
    return "genuine";
  }

  /** For what was genuine and could not be taken: Grafana sends it again, perhaps within the same second. */
  function forget(signature: string | undefined): void {
    if (signature !== undefined) seen.delete(signature);
  }

  return { authenticate, forget };
}

/** Grafana's own form: lower-case hex over `<unix seconds>:<body>`, without a prefix. */
function isSigned(secret: string, { timestamp, signature, body }: Signed): boolean {
  if (!/^\d{1,12}$/.test(timestamp ?? "")) return false;
  const own = createHmac("sha256", secret).update(`${timestamp}:`).update(body).digest("hex");
  const given = Buffer.from(signature ?? "");
  return given.length === own.length && timingSafeEqual(given, Buffer.from(own));
}
