import { readFile, stat } from "node:fs/promises";
import { NothingToDo } from "./execution.ts";

/** One line: the token, or `Header-Name: value` where a service wants it under another name. */
export async function readToken(file: string) {
  const refuse = (why: string) => new NothingToDo(`the token file ${file} ${why}`);
  const { mode } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw refuse(`can't be read (${error.code})`);
  });
  if ((mode & 0o007) !== 0) throw refuse(`is open to everybody; mend it with: chmod o= ${file}`);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw refuse(`can't be read (${error.code})`);
  });
  const line = /^(?:(?<name>[A-Za-z][A-Za-z0-9-]*): )?(?<secret>[!-~](?:[ -~]*[!-~])?)\n?$/.exec(
    text,
  );
  const { name, secret } = line?.groups ?? {};
  if (secret === undefined) throw refuse("must hold one line: the token, or a header with it");
  const header: Record<string, string> =
    name === undefined ? { Authorization: `Bearer ${secret}` } : { [name]: secret };
  return { header, secret };
}
