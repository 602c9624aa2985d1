import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** `logind` is named because debootstrap does not find it by what polkit asks for. */
const PACKAGES = ["systemd", "systemd-sysv", "dbus", "libpam-systemd", "polkitd"];
const BUILD_TIMEOUT_MS = 300_000;
/** Needs Ubuntu's keys where debootstrap looks for them. */
const UBUNTU = new Set(["jammy", "noble"]);
const UBUNTU_MIRROR = "http://archive.ubuntu.com/ubuntu";

const run = promisify(execFile);

export type Rootfs =
  | { readonly ok: true; readonly archive: string }
  | { readonly ok: false; readonly why: string };

/**
 * A release with systemd and polkit as a tar file: this machine's own Debian, or the one that
 * `COUNTERSIGN_LAB_RELEASE` names. Built once, kept in the temporary folder.
 */
export async function findRootfs(): Promise<Rootfs> {
  const own = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(readText("/etc/os-release"))?.[1];
  // biome-ignore lint/style/noProcessEnv: a switch of the tests, not a setting of the program
  const release = process.env.COUNTERSIGN_LAB_RELEASE ?? own ?? "";
  const [system, mirror] = UBUNTU.has(release)
    ? ["ubuntu", UBUNTU_MIRROR]
    : ["debian", mirrorOf(own ?? "")];
  if (mirror === null) {
    return { ok: false, why: "apt's sources have no Debian release of this machine's name" };
  }
  const archive = join(tmpdir(), `countersign-lab-${system}-${release}-${arch()}-polkit.tar`);
  if (isOurs(archive)) return { ok: true, archive };
  try {
    await build(release, mirror, archive);
    return { ok: true, archive };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { ok: false, why: `debootstrap of ${release} failed: ${text.slice(-500)}` };
  }
}

async function build(release: string, mirror: string, archive: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "countersign-lab-debootstrap-"));
  try {
    const content = join(directory, "content");
    const include = `--include=${PACKAGES.join(",")}`;
    await run("/usr/sbin/debootstrap", ["--variant=minbase", include, release, content, mirror], {
      timeout: BUILD_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    });
    await rm(join(content, "var/cache/apt/archives"), { recursive: true, force: true });
    const file = join(directory, "content.tar");
    await run("/bin/tar", ["-C", content, "--numeric-owner", "-cf", file, "."]);
    // Whole or not at all, also when two runs build it at once.
    await rename(file, archive);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The temporary folder is everybody's: what another user has put there is not unpacked as root. */
function isOurs(archive: string): boolean {
  return existsSync(archive) && statSync(archive).uid === process.getuid?.();
}

/** From `sources.list` and from the newer `*.sources`. */
function mirrorOf(release: string): string | null {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const texts = ["/etc/apt/sources.list", ...files].map(readText);

  const line = new RegExp(`^deb (?:\\[[^\\]]*\\] )?(http\\S+) ${release} main\\b`, "m");
  const inLines = texts.map((text) => line.exec(text)?.[1]);
  const inStanzas = texts
    .flatMap((text) => text.split(/\n\n+/))
    .filter((stanza) => new RegExp(`^Suites:.*\\b${release}(?: |$)`, "m").test(stanza))
    .filter((stanza) => /^Components:.*\bmain\b/m.test(stanza))
    .map((stanza) => /^URIs: *(http\S+)/m.exec(stanza)?.[1]);
  return [...inLines, ...inStanzas].find((found) => found !== undefined) ?? null;
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
