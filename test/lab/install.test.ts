import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { havePeer } from "../peers.ts";
import { findRootfs } from "./debian-rootfs.ts";
import { comesTrue, createDirectory } from "./peer-process.ts";
import type { Machine } from "./systemd-machine.ts";
import { startMachine } from "./systemd-machine.ts";

const run = promisify(execFile);
const havePrograms = havePeer("podman") && havePeer("debootstrap");
const rootfs = havePrograms ? await findRootfs() : { ok: false as const, why: "peers are missing" };
const title = rootfs.ok ? "a machine of its own" : `a machine of its own (${rootfs.why})`;

const UNIT = "countersign.service";
const DATABASE = "/var/lib/countersign/countersign.db";

/** The release as it is shipped, unpacked, and two later ones made of it: one that works, and one that does not. */
async function makeReleases(folder: string): Promise<void> {
  const { env } = await import("node:process");
  await run("scripts/release.sh", [folder], { env, timeout: 300_000 });
  const archive = readdirSync(folder).find((name) => name.endsWith(".tar.gz")) ?? "";
  await run("/bin/sh", ["-c", `cd "$1" && sha256sum -c SHA256SUMS`, "sh", folder]);
  await run("/bin/tar", ["-C", folder, "-xzf", join(folder, archive)]);
  await run("/bin/mv", [join(folder, archive.replace(".tar.gz", "")), join(folder, "first")]);
  for (const name of ["second", "third"]) {
    await run("/bin/cp", ["-al", join(folder, "first"), join(folder, name)]);
  }
  makeLater(join(folder, "second"), "0.1.1", ["added_by_second"]);
  makeLater(join(folder, "third"), "0.1.2", ["added_by_second", "added_by_third"]);
  replace(
    join(folder, "third", "dist/main.js"),
    `import { openDatabase } from "./store/open.js";
openDatabase("${DATABASE}", { isExclusive: true }).close();
console.error("the third one falls over");
process.exit(1);
`,
  );
}

/** Another version, with tables that the one before does not know. */
function makeLater(folder: string, version: string, tables: readonly string[]): void {
  const manifest = join(folder, "package.json");
  replace(
    manifest,
    readFileSync(manifest, "utf8").replace('"version": "0.1.0"', `"version": "${version}"`),
  );
  const journal = join(folder, "migrations/meta/_journal.json");
  const { entries, ...rest } = JSON.parse(readFileSync(journal, "utf8")) as {
    entries: { idx: number; when: number }[];
  };
  const last = entries.at(-1);
  if (last === undefined) throw new Error("there are no migrations");
  const added = tables.map((table, i) => {
    const tag = `${9000 + i}_${table}`;
    writeFileSync(join(folder, "migrations", `${tag}.sql`), `CREATE TABLE ${table} (id integer);`);
    return { ...last, idx: last.idx + 1 + i, when: last.when + 1 + i, tag };
  });
  replace(journal, JSON.stringify({ ...rest, entries: [...entries, ...added] }));
}

/** The other releases share the file. */
function replace(file: string, text: string): void {
  rmSync(file);
  writeFileSync(file, text);
}

/** In this order, on one machine: each is what may happen to an installation next. */
describe.skipIf(!rootfs.ok)(title, { timeout: 240_000, shuffle: false }, () => {
  let machine: Machine;
  let folder: string;

  beforeAll(async () => {
    if (!rootfs.ok) return;
    folder = await createDirectory("releases");
    await makeReleases(folder);
    machine = await startMachine(rootfs.archive, {
      isBare: true,
      files: ["first", "second", "third"].map((name) => `${join(folder, name)}:/srv/${name}`),
    });
  }, 400_000);
  afterAll(async () => {
    await machine?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }, 180_000);

  const countersign = (...words: readonly string[]) => machine.execute("countersign", ...words);
  const property = (name: string) =>
    machine.execute("systemctl", "show", "--value", `--property=${name}`, UNIT);

  /** What it says and how it ends. */
  async function install(release: string, ...words: readonly string[]) {
    return await machine.execute(
      "/bin/sh",
      "-c",
      '"$@" 2>&1; echo "exit $?"',
      "sh",
      `/srv/${release}/install.sh`,
      ...words,
    );
  }

  async function incidents(): Promise<string[]> {
    const { incidents: found } = JSON.parse(await countersign("history", "--json")) as {
      incidents: { incident: { id: string } }[];
    };
    return found.map(({ incident }) => incident.id);
  }

  async function isWell(): Promise<boolean> {
    const report = await countersign("health", "--json").catch(() => "{}");
    return (JSON.parse(report) as { status?: string }).status === "ok";
  }

  async function untilAnew(restarts: number): Promise<void> {
    const isAnew = await comesTrue(
      async () => Number(await property("NRestarts")) > restarts && (await isWell()),
      60_000,
    );
    if (isAnew) return;
    throw new Error(await machine.execute("journalctl", "-u", UNIT, "-o", "cat", "-n", "30"));
  }

  it("is told what an installation would do, and nothing is done", async () => {
    const said = await install("first", "--dry-run");

    expect(said).toMatch(/would run: useradd[\s\S]*would run: systemctl start[\s\S]*exit 0$/);
    await expect(machine.execute("ls", "/etc/countersign")).rejects.toThrow(/No such file/);
    await expect(machine.execute("id", "countersign")).rejects.toThrow(/no such user/);
  });

  it("gets Countersign from nothing by one command, with a link to sign in", async () => {
    const said = await install("first");

    expect(said).toMatch(/Console sign-in: http:\/\/127\.0\.0\.1:9095\/sign-in\/\S+\nexit 0$/);
    expect(await property("ActiveState")).toBe("active");
    expect(await isWell()).toBe(true);
    expect(await machine.execute("systemctl", "is-enabled", UNIT)).toBe("enabled");
  });

  it("is left as it is by the same command again", async () => {
    const before = await property("MainPID");

    expect(await install("first")).toMatch(
      /This very version is installed, and it is well\.\nexit 0$/,
    );
    expect(await property("MainPID")).toBe(before);
  });

  it("T77 shows its secrets neither to D-Bus nor in the environment of the process", async () => {
    const key = await machine.execute("cat", "/etc/countersign/credentials/prometheus-api-key");
    const environment = await machine.executeAs(
      "countersign",
      "cat",
      `/proc/${await property("MainPID")}/environ`,
    );

    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(environment).toContain("CREDENTIALS_DIRECTORY=");
    expect(environment).not.toContain(key);
    expect(await machine.execute("systemctl", "show", UNIT)).not.toContain(key);
  });

  it("takes a first alert", async () => {
    expect(await countersign("send-test", "--direct")).toContain("inc_");
    expect(await incidents()).toHaveLength(1);
  });

  it("keeps its protection and its secrets where an LXC takes them away from every service", async () => {
    const trap = "[Service]\\nNoNewPrivileges=no\\nProtectControlGroups=no\\nLoadCredential=\\n";
    const file = "/run/systemd/system/service.d/zzz-lxc-service.conf";
    await machine.execute("install", "-d", "/run/systemd/system/service.d");
    await machine.execute(
      "/bin/sh",
      "-c",
      `printf '${trap}' > ${file} && systemctl daemon-reload && systemctl restart ${UNIT}`,
    );
    const status = await machine.execute("cat", `/proc/${await property("MainPID")}/status`);
    const credentials = await machine.execute("ls", "/run/credentials/countersign.service");
    await machine.execute("/bin/sh", "-c", `rm ${file} && systemctl daemon-reload`);

    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(credentials).toContain("prometheus-api-key");
  });

  it("T74 starts it anew when its loop is blocked, and no alert is lost", async () => {
    await machine.execute("install", "-d", `/etc/systemd/system/${UNIT}.d`);
    await machine.write(
      `etc/systemd/system/${UNIT}.d/impatient.conf`,
      "[Service]\nWatchdogSec=6\nTimeoutAbortSec=1\nRestartSec=0\n",
    );
    await machine.execute("systemctl", "daemon-reload");
    await machine.execute("systemctl", "restart", UNIT);
    // It is fed: for longer than the watchdog waits nothing happens.
    const since = await property("MainPID");
    await machine.execute("sleep", "9");
    expect(await property("MainPID")).toBe(since);

    await machine.execute("systemctl", "kill", "--kill-who=main", "--signal=STOP", UNIT);
    await untilAnew(0);

    expect(await machine.execute("journalctl", "-u", UNIT, "-o", "cat")).toContain(
      "Watchdog timeout",
    );
    expect(await incidents()).toHaveLength(1);
  });

  it("starts it anew after the whole group was killed, with the record intact", async () => {
    const restarts = Number(await property("NRestarts"));
    await machine.execute("systemctl", "kill", "--signal=KILL", UNIT);
    await untilAnew(restarts);

    expect(await incidents()).toHaveLength(1);
    expect(await countersign("audit", "verify")).toContain("The record is whole");
  });

  it("T76 gets a new version by the same command, with a backup from before", async () => {
    const said = await install("second");

    expect(said).toMatch(/installed and well[\s\S]*exit 0$/);
    expect(await countersign("version")).toBe("0.1.1");
    expect(await incidents()).toHaveLength(1);
    expect(await machine.execute("ls", "/var/lib/countersign/before-upgrade")).toContain(
      "countersign.db",
    );
  });

  it("T76 gets the old version and its database back when the new one is not well", async () => {
    await countersign("send-test", "--direct", "--label", "n=2");
    const before = await incidents();
    const said = await install("third");

    expect(said).toMatch(
      /the third one falls over[\s\S]*the old version is back and well[\s\S]*exit 1$/,
    );
    expect(await countersign("version")).toBe("0.1.1");
    expect(await isWell()).toBe(true);
    expect(await incidents()).toEqual(before);
  });

  it("gets an executor of its own, with its user, that runs what serve may not", async () => {
    const said = await install("second", "--separate-executor");
    const executor = "countersign-executor.service";
    const isServed = await comesTrue(async () => {
      const { checks } = JSON.parse(await countersign("health", "--json")) as {
        checks: Record<string, { status: string }>;
      };
      return checks.executor?.status === "ok" && checks.sandbox?.status === "ok";
    }, 30_000);
    const pid = await machine.execute(
      "systemctl",
      "show",
      "--value",
      "--property=MainPID",
      executor,
    );
    const status = await machine.execute("cat", `/proc/${pid}/status`);
    const uid = await machine.execute("id", "-u", "countersign-executor");

    expect(said).toMatch(/installed and well[\s\S]*exit 0$/);
    expect(isServed).toBe(true);
    expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t`, "m"));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(await install("second")).toMatch(/This very version is installed, and it is well/);
  });

  it("is well again after its executor was killed", async () => {
    await machine.execute("systemctl", "kill", "--signal=KILL", "countersign-executor.service");
    const isBack = await comesTrue(isWell, 60_000);

    expect(isBack).toBe(true);
    expect(await countersign("audit", "verify")).toContain("The record is whole");
  });

  it("has only the data left after uninstalling, and a new installation goes on with it", async () => {
    const before = await incidents();
    const said = await install("second", "--uninstall");
    const left = await machine.execute(
      "find",
      "/etc",
      "/opt",
      "/usr/local",
      "/run",
      "/var/lib",
      "-xdev",
      "-name",
      "*countersign*",
    );

    expect(said).toMatch(/exit 0$/);
    expect(left.split("\n").filter((path) => !path.startsWith("/var/lib/countersign/"))).toEqual(
      expect.arrayContaining(["/var/lib/countersign"]),
    );
    expect(left).not.toMatch(/^\/(?:etc|opt)\//m);
    await expect(machine.execute("id", "countersign")).rejects.toThrow(/no such user/);

    expect(await install("second")).toMatch(/exit 0$/);
    expect(await incidents()).toEqual(before);
  });
});
