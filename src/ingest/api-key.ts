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
    const bearer = /^Bearer +(?<key>\S+) *$/i.exec(c.req.header("authorization") ?? "");
    const holder = holderOf(known, bearer?.groups?.key ?? "");
    if (bearer === null || holder === null) {
      const error = "a key of api_keys in policy.yaml is needed, as Authorization: Bearer";
      return refuse(c, 401, "key", error);
    }
    c.set("holder", holder);
    return await next();
  };
}
