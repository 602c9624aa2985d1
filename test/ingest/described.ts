import { expect } from "vitest";
import { z } from "zod";
import { ROUTES } from "../../src/ingest/api-descriptions.ts";

/** An answer is one that the description of its route promises, and says nothing beside it. */
export function expectDescribed(method: string, path: string, status: number, body: unknown): void {
  const { pathname } = new URL(path, "http://localhost");
  const route = Object.values(ROUTES).find(
    (one) =>
      one.method === method.toLowerCase() &&
      new RegExp(`^${one.path.replace(/\{\w+\}/, "[^/]+")}$`).test(pathname),
  );
  const responses: Readonly<Record<number, unknown>> = route?.responses ?? {};
  const promised = responses[status] as
    | { content: { "application/json": { schema: z.ZodType } } }
    | undefined;
  expect(promised, `${method} ${path} promises no ${status}`).toBeDefined();
  if (promised === undefined) return;
  const { schema } = promised.content["application/json"];
  expect(sealed(schema).safeParse(body).error).toBeUndefined();
}

/** The same schema with every object in it strict: what is not described would be given away unnoticed. */
function sealed(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const shape = Object.entries(schema.shape).map(([key, one]) => [key, sealed(one as z.ZodType)]);
    return z.strictObject(Object.fromEntries(shape) as z.ZodRawShape);
  }
  if (schema instanceof z.ZodArray) return z.array(sealed(schema.element as z.ZodType));
  if (schema instanceof z.ZodNullable) return sealed(schema.unwrap() as z.ZodType).nullable();
  if (schema instanceof z.ZodOptional) return sealed(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodReadonly) return sealed(schema.unwrap() as z.ZodType);
  return schema;
}
