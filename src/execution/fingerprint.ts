import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, realpath, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { UnreadableProgram } from "./execution.ts";

export interface FileHash {
  /** As the argv names it, made absolute; the bytes are those behind any symbolic links. */
  readonly path: string;
  readonly sha256: string;
}

/** Programs that run a file they are given, whatever that file's mode and first line say. */
const INTERPRETERS =
  /^(?:sh|bash|dash|zsh|ash|ksh|python[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|php[\d.]*|lua[\d.]*|[gm]?awk|ansible-playbook)$/;

/** A file changed this lately can change again without its times telling, so its hash is not kept. */
const SETTLED_MS = 2000;
const MAX_CACHED = 512;

const cache = new Map<string, string>();

/**
 * The bytes that would run: the program and every script its arguments name. This is what binds an
 * approval to content (P2, T39). Data files are left out: a log that grows is no other plan.
 * @throws UnreadableProgram when the program, or a script among the arguments, can't be read
 */
export async function hashFiles(
  argv: readonly [string, ...string[]],
  directory = "/",
): Promise<FileHash[]> {
  const [program, ...args] = argv;
  const hashes = [await hashProgram(program)];
  let isInterpreted = await isInterpreter(program);

  for (const argument of args) {
    // A bare name matters to interpreters only: `sh fix.sh` runs what lies in the directory.
    if (argument.includes("/") || isInterpreted) {
      const hash = await hashScript(resolve(directory, argument), isInterpreted);
      if (hash !== null) hashes.push(hash);
    }
    // Behind `env` or `sudo` the interpreter is an argument.
    isInterpreted ||= INTERPRETERS.test(basename(argument));
  }
  return hashes.filter(({ path }, index) => hashes.findIndex((h) => h.path === path) === index);
}

async function isInterpreter(program: string): Promise<boolean> {
  return (
    INTERPRETERS.test(basename(program)) || INTERPRETERS.test(basename(await realpath(program)))
  );
}

async function hashProgram(path: string): Promise<FileHash> {
  const found = await statFile(path);
  if (found === null) throw new UnreadableProgram(`${path} does not exist`);
  if (!found.isFile()) throw new UnreadableProgram(`${path} is not a file`);
  return { path, sha256: await hashFile(path) };
}

async function hashScript(path: string, isInterpreted: boolean): Promise<FileHash | null> {
  const found = await statFile(path);
  if (!found?.isFile()) return null;
  const isScript = isInterpreted || (found.mode & 0o111n) !== 0n || (await hasShebang(path));
  return isScript ? { path, sha256: await hashFile(path) } : null;
}

async function statFile(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true });
  } catch {
    // Not there, or not ours to see: as an argument it is text, as a program the caller refuses it.
    return null;
  }
}

async function hasShebang(path: string): Promise<boolean> {
  try {
    return await withFile(path, async (file) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return buffer.toString("latin1", 0, bytesRead) === "#!";
    });
  } catch (error) {
    // A data file only root may read stays data; what runs it would have to be able to read it.
    if (error instanceof UnreadableProgram) return false;
    throw error;
  }
}

function hashFile(path: string): Promise<string> {
  return withFile(path, async (file) => {
    const key = identityOf(await file.stat({ bigint: true }));
    const known = cache.get(key);
    if (known !== undefined) return known;

    const hash = createHash("sha256");
    for await (const chunk of file.createReadStream({ autoClose: false, start: 0 })) {
      hash.update(chunk);
    }
    const sha256 = hash.digest("hex");
    remember(key, await file.stat({ bigint: true }), sha256);
    return sha256;
  });
}

function remember(key: string, now: BigIntStats, sha256: string): void {
  const changedAtMs = Number(now.ctimeMs);
  const isSettled = Date.now() - changedAtMs > SETTLED_MS;
  if (!isSettled || identityOf(now) !== key) return;
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, sha256);
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    // Non-blocking, in case the file has become a pipe since it was looked at.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new UnreadableProgram(`${path} can't be read, so an approval can't be bound to it`, {
      cause: error,
    });
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
