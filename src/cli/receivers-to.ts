import { parse } from "yaml";
import { z } from "zod";

const Configuration = z.object({
  receivers: z.array(
    z.object({
      name: z.string(),
      webhook_configs: z.array(z.object({ url: z.string().optional() })).default([]),
    }),
  ),
});

/**
 * The receivers of an Alertmanager whose webhook may lead to Countersign, judged by the path alone: under which address
 * it knows us is its own business, and newer ones don't tell theirs. Null where the configuration can't be read.
 */
export function receiversTo(alertmanagerYml: string, path: string): ReadonlySet<string> | null {
  const { data } = Configuration.safeParse(parseYaml(alertmanagerYml));
  if (data === undefined) return null;
  return new Set(
    data.receivers
      .filter(({ webhook_configs: hooks }) => hooks.some(({ url }) => mayLeadTo(url, path)))
      .map(({ name }) => name),
  );
}

function mayLeadTo(url: string | undefined, path: string): boolean {
  if (url === undefined || !URL.canParse(url)) return true;
  const { pathname } = new URL(url);
  return [path, "/webhook"].some((ours) => pathname.endsWith(ours));
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // Said by the caller's null: this is a help, and sending works without it.
    return null;
  }
}
