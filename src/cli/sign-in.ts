import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import { createExecutors, openCatalogue } from "../executors.ts";
import type { Catalogue } from "../remediation/catalogue.ts";
import type { Store } from "../store/store.ts";
import type { CliCommand } from "./command.ts";
import { UsageError } from "./command.ts";
import { openBeside } from "./open.ts";
import { print } from "./output.ts";

export const signIn: CliCommand = {
  name: "sign-in",
  usage: "sign-in [person] [--json]",
  summary: "Prints a new one-time link to the console, valid 10 minutes",
  options: { json: { type: "boolean" } },
  maxWords: 1,
  async run({ words, options }) {
    const config = loadConfig();
    const store = openBeside(config);
    try {
      const catalogue = openCatalogue(config, createExecutors(config));
      const link = await createSignInLink(config, catalogue, store, words[0]);
      print({ link }, options.json === true, () => `Console sign-in: ${link}`);
      return true;
    } finally {
      store.close();
    }
  },
};

/**
 * For the person named, else for the first who may administer.
 * @throws UsageError when nobody is called that
 */
export async function createSignInLink(
  config: Config,
  catalogue: Catalogue,
  store: Store,
  name?: string,
): Promise<string> {
  const { policy } = catalogue.read();
  const people = policy.ok ? policy.policy.people : [{ name: "owner", roles: [] as string[] }];
  const person =
    name === undefined
      ? (people.find(({ roles }) => roles.some((role) => role === "admin")) ?? people[0])
      : people.find((one) => one.name === name);
  if (person === undefined) {
    const known = people.map((one) => one.name).join(", ");
    throw new UsageError(`policy.yaml lists nobody called "${name}"; the people are: ${known}`);
  }
  return `${config.publicUrl}/sign-in/${await store.sessions.createLink(person.name)}`;
}
