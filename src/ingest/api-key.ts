import type { Context, MiddlewareHandler } from "hono";
import { holderOf } from "./caller.ts";

/** Who holds a key of `api_keys` in policy.yaml. */
export interface Holder {
  readonly name: string;
  readonly sha256: string;
  readonly mayPropose: readonly string[];
}

export interface HolderVariables {
  readonly Variables: { holder: Holder };
}

type Refuse = (
  c: Context,
  status: 401 | 503,
  reason: "key" | "policy",
  error: string,
) => Response | Promise<Response>;

/** Lets in who shows a key of policy.yaml, as `Authorization: Bearer` and in no other way. */
export function onlyHolders(
  /** Null while the policy can't be read: then nobody is known. */
  holders: () => readonly Holder[] | null,
  refuse: Refuse,
): MiddlewareHandler<HolderVariables> {
  return async (c, next) => {
    const known = holders();
    if (known === null) {
      const error = "policy.yaml can't be read or is wrong, so no key is known";
      return refuse(c, 503, "policy", error);
    }
    const holder = holderIn(c, known);
    if (holder === null) {
      const error = "a key of api_keys in policy.yaml is needed, as Authorization: Bearer";
      return refuse(c, 401, "key", error);
    }
    c.set("holder", holder);
    return await next();
  };
}

export function holderIn(c: Context, known: readonly Holder[]): Holder | null {
  const bearer = /^Bearer +(?<key>\S+) *$/i.exec(c.req.header("authorization") ?? "");
  return bearer === null ? null : holderOf(known, bearer.groups?.key ?? "");
}

export interface ReaderVariables {
  /** Null where a person reads, signed in to the console. */
  readonly Variables: { holder: Holder | null };
}

/** Lets in whoever may propose, and people who are signed in: for what only reads. */
export function onlyReaders(
  isSignedIn: (c: Context) => Promise<boolean>,
  holders: () => readonly Holder[] | null,
  refuse: Refuse,
): MiddlewareHandler {
  const holdersOnly = onlyHolders(holders, refuse);
  return async (c, next) => {
    const isKeyShown = c.req.header("authorization") !== undefined;
    if (isKeyShown || !(await isSignedIn(c))) return await holdersOnly(c, next);
    c.set("holder", null);
    return await next();
  };
}
