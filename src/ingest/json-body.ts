import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import { jsonPath } from "./payload.ts";

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_PROBLEMS = 10;
const MAX_QUOTED = 200;

type Refuse = (c: Context, status: 413 | 415, reason: "type" | "size", error: string) => Response;

/** What every route that takes JSON asks of a body before it is opened. */
export function jsonBody(refuse: Refuse): {
  readonly onlyJson: MiddlewareHandler;
  readonly limit: MiddlewareHandler;
} {
  const onlyJson: MiddlewareHandler = async (c, next) => {
    const type = c.req.header("content-type") ?? "";
    if (/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) return await next();
    const error = "the body must be JSON, sent with Content-Type: application/json";
    return refuse(c, 415, "type", error);
  };

  const refuseSize = (c: Context) => refuse(c, 413, "size", "the body is over 4 MiB");
  const limitWhileReading = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseSize });

  /** A length that was announced is all that Node will read: then there is no need to open the body as a stream. */
  const limit: MiddlewareHandler = (c, next) => {
    const length = c.req.header("content-length");
    if (length === undefined || c.req.header("transfer-encoding") !== undefined) {
      return limitWhileReading(c, next);
    }
    return Number(length) > MAX_BODY_BYTES ? Promise.resolve(refuseSize(c)) : next();
  };

  return { onlyJson, limit };
}

export function parseJson(
  text: string,
): { ok: true; value: unknown } | { ok: false; error: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}

/** What is wrong with a value, by its path. What it says of itself may be as long as the body. */
export function problemsOf({ issues }: z.ZodError): { path: string; message: string }[] {
  return issues.slice(0, MAX_PROBLEMS).map(({ path, message }) => ({
    path: jsonPath(path).slice(0, MAX_QUOTED),
    message: message.slice(0, MAX_QUOTED),
  }));
}
