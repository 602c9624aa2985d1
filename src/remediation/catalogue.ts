import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join, sep } from "node:path";
import { parseKpis } from "./parse-kpis.ts";
import { parsePolicy } from "./parse-policy.ts";
import type { Executors } from "./parse-runbook.ts";
import { parseRunbook } from "./parse-runbook.ts";
import { parseWatches } from "./parse-watches.ts";
import type { Surroundings } from "./policy.ts";
import { builtInPolicy } from "./policy.ts";
import type { RuleFile } from "./rule-change.ts";
import type { Whitelist } from "./runbook.ts";
import { unanswerable } from "./unanswerable.ts";
import type { Problem } from "./yaml.ts";

/**
 * The runbook folder as it is on disk right now. It reads, it never writes; a file that others
 * could have changed, or that lies elsewhere, is not read at all.
 */
export interface Catalogue {
  /** Cheap to call often: only files that changed are read again. */
  read(): Whitelist;
  /** The files behind it, broken ones too, by name; null where the folder itself can't be read. */
  files(): readonly RuleFile[] | null;
}

export interface CatalogueDeps extends Surroundings {
  readonly dir: string;
  readonly executors: Executors;
}

const POLICY = "policy.yaml";
const KPIS = "kpis.yaml";
const WATCHES = "watch.yaml";
/** By the word that anything like their name begins with. */
const OWN: Readonly<Record<string, string>> = { policy: POLICY, kpi: KPIS, watch: WATCHES };
const MOST_BYTES = 262_144;
const MOMENT_MS = 100;

/** What stands in the folder, each file as it was parsed: the very same objects as long as nobody touches it. */
interface Found {
  readonly names: readonly string[];
  readonly results: readonly ReturnType<typeof parseRunbook>[];
  readonly policy: ReturnType<typeof parsePolicy>;
  readonly kpis: ReturnType<typeof parseKpis>;
  readonly watches: ReturnType<typeof parseWatches>;
}

export function createCatalogue(deps: CatalogueDeps): Catalogue {
  const readRunbook = remember((path, bytes) => parseRunbook(path, bytes, deps.executors));
  const readPolicy = remember((path, bytes) => parsePolicy(path, bytes, deps));
  const readKpis = remember(parseKpis);
  const readWatches = remember(parseWatches);
  const closed = (problems: Problem[]): Whitelist => ({
    runbooks: [],
    policy: null,
    kpis: [],
    watches: null,
    problems,
  });
  const without = {
    policy: { ok: true as const, policy: builtInPolicy(deps) },
    kpis: { ok: true as const, kpis: [] },
    watches: { ok: true as const, watches: [] },
  };
  let last: { seen: readonly unknown[]; whitelist: Whitelist } | null = null;

  function read(): Whitelist {
    const folder = openFolder(deps.dir);
    if ("problem" in folder) return closed([folder.problem]);

    const { names } = folder;
    const found: Found = {
      names,
      results: names.filter(isRunbook).map((name) => readRunbook(deps.dir, name).result),
      policy: names.includes(POLICY) ? readPolicy(deps.dir, POLICY).result : without.policy,
      kpis: names.includes(KPIS) ? readKpis(deps.dir, KPIS).result : without.kpis,
      watches: names.includes(WATCHES) ? readWatches(deps.dir, WATCHES).result : without.watches,
    };
    const seen = Object.values(found).flat();
    if (last?.seen.length !== seen.length || !seen.every((one, i) => one === last?.seen[i])) {
      last = { seen, whitelist: whitelistOf(found) };
    }
    return last.whitelist;
  }

  function whitelistOf({ names, results, policy, kpis, watches }: Found): Whitelist {
    const runbooks = results.flatMap((result) => (result.ok ? [result.runbook] : []));
    const gaps = policy.ok ? runbooks.flatMap((one) => unanswerable(one, policy.policy)) : [];
    return {
      runbooks,
      policy: policy.ok ? policy.policy : null,
      kpis: kpis.ok ? kpis.kpis : [],
      watches: watches.ok ? watches.watches : null,
      problems: [
        ...results.flatMap((result) => (result.ok ? [] : result.problems)),
        ...(policy.ok ? [] : policy.problems),
        ...(kpis.ok ? [] : kpis.problems),
        ...(watches.ok ? [] : watches.problems),
        ...gaps.map(({ runbookId, message }) =>
          problem(join(deps.dir, `${runbookId}.md`), message),
        ),
        ...misnamed(deps.dir, names),
      ],
    };
  }

  function files(): RuleFile[] | null {
    const folder = openFolder(deps.dir);
    if ("problem" in folder) return null;
    return folder.names.flatMap((name) => {
      if (name === POLICY) return [readPolicy(deps.dir, name).file];
      if (name === KPIS) return [readKpis(deps.dir, name).file];
      if (name === WATCHES) return [readWatches(deps.dir, name).file];
      return isRunbook(name) ? [readRunbook(deps.dir, name).file] : [];
    });
  }
  return { read, files };
}

/** Rules that were true a moment ago, for what is asked about every alert of a storm; never for what is about to run. */
export function lately(
  { read }: Pick<Catalogue, "read">,
  elapsedMs: () => number,
): Pick<Catalogue, "read"> {
  let known: Whitelist | null = null;
  let readAt = 0;
  return {
    read() {
      if (known === null || elapsedMs() - readAt > MOMENT_MS) {
        known = read();
        readAt = elapsedMs();
      }
      return known;
    },
  };
}

function isRunbook(name: string): boolean {
  return name.endsWith(".md") && name !== "README.md" && !name.startsWith(".");
}

/** Somebody who wrote rules into a file that is never read would think they hold. */
function misnamed(dir: string, names: readonly string[]): Problem[] {
  return names.flatMap((name) => {
    const [, meant] = /^(policy|kpi|watch)(?:e?s)?\.(?:ya?ml|json)$/i.exec(name) ?? [];
    const known = OWN[(meant ?? "").toLowerCase()];
    if (known === undefined || name === known) return [];
    return [problem(join(dir, name), `is not read; the file's name is ${known}`)];
  });
}

function openFolder(dir: string): { names: string[] } | { problem: Problem } {
  try {
    const loose = looseness(dir, statSync(dir));
    return loose === null ? { names: readdirSync(dir).sort() } : { problem: problem(dir, loose) };
  } catch (error) {
    return { problem: problem(dir, `cannot be read (${codeOf(error)}); check RUNBOOKS_DIR`) };
  }
}

type Parse<T> = (path: string, bytes: Uint8Array) => T;
interface Refused {
  readonly ok: false;
  readonly problems: readonly Problem[];
}

interface Read<T> {
  readonly result: T | Refused;
  readonly file: RuleFile;
}

/** Parses a file when it is new or was changed, and otherwise gives the last answer again. */
function remember<T>(parse: Parse<T>): (dir: string, name: string) => Read<T> {
  const known = new Map<string, { stamp: string; read: Read<T> }>();
  return (dir, name) => {
    const path = join(dir, name);
    const refuse = (why: string): Read<T> => ({
      result: { ok: false, problems: [problem(path, why)] },
      file: { name, sha256: null, text: "" },
    });
    try {
      const last = known.get(path);
      const seen = lstatSync(path, { bigint: true });
      // Most of the time nothing was touched since it was read, and one look is enough.
      if (!seen.isSymbolicLink() && last?.stamp === stampOf(path, seen)) return last.read;
      const opened = openInside(dir, path);
      if ("why" in opened) return refuse(opened.why);
      const { fd, stamp } = opened;
      try {
        if (last?.stamp === stamp) return last.read;
        const bytes = readFileSync(fd);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        const file = { name, sha256, text: new TextDecoder().decode(bytes) };
        const read = { result: parse(path, bytes), file };
        known.set(path, { stamp, read });
        return read;
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      return refuse(`cannot be read (${codeOf(error)})`);
    }
  };
}

/** Everything is asked of the open file, so that nobody can swap it between the look and the reading. */
function openInside(dir: string, path: string): { fd: number; stamp: string } | { why: string } {
  const isLink = lstatSync(path).isSymbolicLink();
  const real = realpathSync(path);
  if (!real.startsWith(realpathSync(dir) + sep)) {
    return { why: `is a link that leads out of the folder, to ${real}; put the file itself here` };
  }
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const stat = fstatSync(fd, { bigint: true });
  const where = isLink ? real : path;
  const why = !stat.isFile()
    ? "is not a file"
    : stat.size > MOST_BYTES
      ? `is larger than ${MOST_BYTES} bytes`
      : looseness(where, { mode: Number(stat.mode), gid: Number(stat.gid) });
  if (why === null) return { fd, stamp: stampOf(where, stat) };
  closeSync(fd);
  return { why };
}

/** Changes with whatever is done to a file: content, owner and rights. */
function stampOf(path: string, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [path, dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/**
 * Whoever can write here decides what runs. A group that is this process's own may: that is how
 * a checkout looks under umask 002.
 */
function looseness(path: string, { mode, gid }: { mode: number; gid: number }): string | null {
  const byAll = (mode & 0o002) !== 0;
  const byGroup = (mode & 0o020) !== 0 && gid !== process.getgid?.();
  if (!byAll && !byGroup) return null;
  return `can be written by ${byAll ? "everybody" : `group ${gid}`}; mend it with: chmod go-w ${path}`;
}

function problem(file: string, message: string): Problem {
  return { file, line: 1, message };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") throw error;
  return code;
}
