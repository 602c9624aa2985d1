import type { Paged } from "./pagerduty.ts";
import { reasonOf } from "./pagerduty.ts";

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 256 * 1024;

/** An address of the owner's, and what goes there; the caller has made it of text that may be said. */
export interface HookCall {
  /** For messages; the address itself may hold a secret. */
  readonly name: string;
  readonly url: string;
  readonly method: "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Puts one JSON body to one address. It follows no redirect, reads no answer, and never rejects. */
export async function callHook({ name, url, method, headers, body }: HookCall): Promise<Paged> {
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) > MOST_BYTES) {
    return { outcome: "refused", why: `what is to be told to ${name} is over 256 KiB` };
  }
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, "content-type": "application/json" },
      body: text,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return { outcome: "accepted" };
    const why = `${name} answers ${response.status}`;
    const isTemporary = response.status === 429 || response.status >= 500;
    return isTemporary
      ? { outcome: "later", why }
      : { outcome: "refused", why: `${why}; look at outgoing in policy.yaml` };
  } catch (error) {
    return { outcome: "later", why: `${name}: ${reasonOf(error)}` };
  }
}
