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
    const person = personNamed(openCatalogue(config, createExecutors(config)), words[0]);
    const store = openBeside(config);
    try {
      const link = await createSignInLink(config, store, person);
      print({ link }, options.json === true, () => `Console sign-in: ${link}`);
      return true;
    } finally {
      store.close();
    }
  },
};

export async function createSignInLink(
  { publicUrl }: Config,
  { sessions }: Store,
  person: string,
): Promise<string> {
  return `${publicUrl}/sign-in/${await sessions.createLink(person)}`;
}

/**
 * The person named, else the first who may administer.
 * @throws UsageError when nobody is called that
 */
export function personNamed(catalogue: Catalogue, name?: string): string {
  const { policy } = catalogue.read();
  const people = policy?.people ?? [{ name: "owner", roles: [] as string[] }];
  const person =
    name === undefined
      ? (people.find(({ roles }) => roles.some((role) => role === "admin")) ?? people[0])
      : people.find((one) => one.name === name);
  if (person !== undefined) return person.name;
  const known = people.map((one) => one.name).join(", ");
  throw new UsageError(`policy.yaml lists nobody called "${name}"; the people are: ${known}`);
}
