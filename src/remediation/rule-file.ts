import { z } from "zod";
import type { Parsed } from "./yaml.ts";
import { parseYaml } from "./yaml.ts";

const Groups = z.object({
  groups: z.array(
    z.object({ rules: z.array(z.object({ alert: z.string().optional() })).default([]) }),
  ),
});

const RuleFile = z.union(
  [
    Groups.transform((file) => [file]),
    z.object({ spec: Groups }).transform(({ spec }) => [spec]),
    z
      .object({ items: z.array(z.object({ spec: Groups })) })
      .transform(({ items }) => items.map(({ spec }) => spec)),
  ],
  {
    error: "must hold alert rules: groups as Prometheus reads them, or spec.groups as in a cluster",
  },
);

/** The names of the alerts in a file of rules for Prometheus, or in the same as an object of Kubernetes. */
export function parseRuleFile(file: string, text: string): Parsed<readonly string[]> {
  const names = RuleFile.transform((files) =>
    files.flatMap(({ groups }) =>
      groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? [])),
    ),
  );
  return parseYaml(file, text, names);
}
