import { execFile, spawn } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Executor } from "../../src/execution/execution.ts";
import { createSshExecutor } from "../../src/execution/ssh.ts";
import { createSsh } from "../../src/execution/ssh-transport.ts";
import { havePeer } from "../peers.ts";
import { comesTrue, findFreePort } from "./peer-process.ts";
import type { Sshd } from "./sshd.ts";
import { startSshd } from "./sshd.ts";

const target = { name: "web", host: "web-01", executor: "ssh", directory: "/" };
const run = promisify(execFile);

const HOSTILE = [
  "$(touch /tmp/pwned)",
  "`touch /tmp/pwned`",
  "; touch /tmp/pwned",
  "a\nb",
  "\n",
  "a\r\nb\t",
  "",
  " ",
  "'",
  "''",
  "'\\''",
  '"',
  "\\",
  "\\'",
  "!!",
  "$HOME",
  "~",
  "~root",
  "*",
  "/e??/*",
  "{a,b}",
  "[a-z]",
  "&& reboot",
  "| cat",
  "> /tmp/x",
  "<<EOF",
  "#x",
  "=ls",
  "%s",
  "-oProxyCommand=x",
  "--",
  "-",
  "Käse 🧀",
  "\u0001\u001b[31m\u007f",
  "\u202e",
  "x".repeat(20_000),
];

describe.skipIf(!havePeer("sshd"))("a real sshd", { timeout: 30_000 }, () => {
  let sshd: Sshd;
  let executor: Executor;

  beforeAll(async () => {
    sshd = await startSshd();
    executor = createSshExecutor(createSsh(sshd));
  }, 30_000);
  beforeEach(() => sshd.authorize());
  afterAll(() => sshd?.stop());

  async function start(argv: readonly string[], timeoutMs = 15_000, by = executor) {
    const pinned = await by.pin?.({ argv }, target);
    if (pinned === undefined) throw new Error("ssh has to be pinned");
    return await by.run(pinned.command, { timeoutMs });
  }

  const shell = (line: string, timeoutMs?: number) => start(["/bin/sh", "-c", line], timeoutMs);

  /** Another configuration than the usual, with these lines for every host. */
  async function configured(lines: string) {
    const config = join(sshd.folder, "other_config");
    await writeFile(config, `Host *\n${lines}\n${await readFile(sshd.config, "utf8")}`);
    return createSshExecutor(createSsh({ config, knownHosts: sshd.knownHosts }));
  }

  describe.each([
    ["bash, root's own", ""],
    ["dash", 'command="exec /bin/dash -c \\"$SSH_ORIGINAL_COMMAND\\""'],
  ])("under %s", (_shell, options) => {
    it("T36 T37 gives the program each word byte for byte", async () => {
      await sshd.authorize(options);
      const [script, dump] = [join(sshd.folder, "dump.sh"), join(sshd.folder, "dump")];
      await writeFile(script, `printf '%s\\0' "$@" > ${dump}\n`);
      const sampled = fc.sample(fc.string({ unit: "binary", maxLength: 40 }), 100);
      const words = [...HOSTILE, ...sampled.map((text) => text.replaceAll("\0", ""))];

      const result = await start(["/bin/sh", script, ...words]);

      expect(result).toMatchObject({ outcome: "succeeded", exitCode: 0, output: "" });
      const arrived = (await readFile(dump)).toString().split("\0").slice(0, -1);
      expect(arrived).toEqual(words.map((text) => Buffer.from(text).toString()));
    });
  });

  it("gives the output and the exit code of the program, 255 too", async () => {
    expect(await shell("echo out; echo err >&2; exit 3")).toMatchObject({
      outcome: "failed",
      exitCode: 3,
      output: "out\nerr\n",
    });
    expect(await shell("exit 255")).toMatchObject({ outcome: "failed", exitCode: 255 });
    expect(await shell("exit 0")).toMatchObject({ outcome: "succeeded", exitCode: 0 });
  });

  it("ends as unknown when the connection breaks after the start", async () => {
    const result = await shell("kill -9 $PPID; sleep 5");

    expect(result).toMatchObject({ outcome: "unknown", exitCode: null });
    expect(result.output).toMatch(
      /The connection to web-01 broke after the start.* may have taken/,
    );
  });

  it("fails with nothing changed when nobody listens", async () => {
    const refused = await configured(`  Port ${await findFreePort()}`);
    const known = await readFile(sshd.knownHosts, "utf8");
    await writeFile(sshd.knownHosts, known.replace(/\S+/, "127.0.0.1,[127.0.0.1]:*"));
    onTestFinished(() => writeFile(sshd.knownHosts, known));

    const result = await start(["/bin/true"], 15_000, refused);

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
    expect(result.output).toMatch(
      /web-01 was not reached by ssh: .*refused.*Nothing was changed\.$/,
    );
  });

  it("fails with nothing changed when the key is not let in", async () => {
    await writeFile(join(sshd.folder, "authorized_keys"), "");

    const result = await start(["/bin/true"]);

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
    expect(result.output).toMatch(/Permission denied \(publickey.*Nothing was changed\.$/);
  });

  it("T42 stops at its deadline, and says that it may go on there", async () => {
    const result = await shell("sleep 20", 2000);

    expect(result).toMatchObject({ outcome: "timed_out", exitCode: null });
    expect(result.output).toBe("ssh was stopped, but what it started on web-01 may go on.");
    expect(result.durationMs).toBeLessThan(7000);
  });

  describe("T45 host keys", () => {
    async function know(text: string): Promise<void> {
      const known = await readFile(sshd.knownHosts, "utf8");
      await writeFile(sshd.knownHosts, text);
      onTestFinished(() => writeFile(sshd.knownHosts, known));
    }

    it("reaches no machine whose key is not pinned, and names the place", async () => {
      await know(
        "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n",
      );

      await expect(executor.pin?.({ argv: ["/bin/true"] }, target)).rejects.toThrow(
        new RegExp(`no host key is pinned for \\[127.0.0.1\\]:${sshd.port}`),
      );
    });

    it("fails closed when another key answers than the pinned one", async () => {
      const marker = join(sshd.folder, "reached");
      await know(
        `[127.0.0.1]:${sshd.port} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n`,
      );

      const result = await start(["/usr/bin/touch", marker]);

      expect(result).toMatchObject({ outcome: "failed", exitCode: null });
      expect(result.output).toMatch(/its host key is not the one in SSH_KNOWN_HOSTS/);
      await expect(readFile(marker)).rejects.toThrow(/ENOENT/);
    });

    it("does so even if the configuration says otherwise", async () => {
      const known = await readFile(sshd.knownHosts, "utf8");
      const own = join(sshd.folder, "own_known_hosts");
      await writeFile(own, known);
      await know(
        `[127.0.0.1]:${sshd.port} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n`,
      );
      const loose = await configured(
        `  StrictHostKeyChecking no\n  UserKnownHostsFile ${own}\n  GlobalKnownHostsFile ${own}\n  KnownHostsCommand /bin/cat ${own}`,
      );

      expect(await start(["/bin/true"], 15_000, loose)).toMatchObject({
        outcome: "failed",
        exitCode: null,
      });
    });

    it("refuses files that everybody can write", async () => {
      await chmod(sshd.knownHosts, 0o666);
      onTestFinished(() => chmod(sshd.knownHosts, 0o600));

      await expect(start(["/bin/true"])).rejects.toThrow(/can be written by everybody.*chmod o-w/);
      await expect(executor.check()).rejects.toThrow(/can be written by everybody/);
    });
  });

  it("T39 is another plan when the keys, the address or the settings are others", async () => {
    const peer = async (by: Executor) => {
      const pinned = await by.pin?.({ argv: ["/bin/true"] }, target);
      return pinned?.command.kind === "ssh" ? pinned.command.peer : null;
    };
    const usual = await peer(executor);
    expect(await peer(executor)).toEqual(usual);
    expect(usual).toMatchObject({
      address: `root@127.0.0.1:${sshd.port}`,
      hostKeys: [
        (await run("/usr/bin/ssh-keygen", ["-lf", join(sshd.folder, "host_key.pub")])).stdout.split(
          " ",
        )[1],
      ],
    });

    expect(await peer(await configured("  User ops"))).toMatchObject({
      address: `ops@127.0.0.1:${sshd.port}`,
    });
    const other = await peer(await configured("  ProxyJump elsewhere"));
    expect(other?.address).toBe(usual?.address);
    expect(other?.settings).not.toBe(usual?.settings);

    const known = await readFile(sshd.knownHosts, "utf8");
    await run("/usr/bin/ssh-keygen", ["-H", "-f", sshd.knownHosts]);
    onTestFinished(() => writeFile(sshd.knownHosts, known));
    expect(await peer(executor)).toEqual(usual);
  });

  it("T45 forwards neither agent nor X11, whatever the configuration says", async () => {
    const socket = join(sshd.folder, "agent");
    const agent = spawn("/usr/bin/ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    onTestFinished(() => void agent.kill());
    await comesTrue(
      () =>
        run("/usr/bin/test", ["-S", socket]).then(
          () => true,
          () => false,
        ),
      5000,
    );
    const loose = await configured(
      `  ForwardAgent ${socket}\n  IdentityAgent ${socket}\n  ForwardX11 yes`,
    );

    const result = await start(["/usr/bin/env"], 15_000, loose);

    expect(result.outcome).toBe("succeeded");
    expect(result.output).toContain("SSH_CONNECTION=");
    expect(result.output).not.toMatch(/SSH_AUTH_SOCK|DISPLAY/);
  });

  it("opens no port that the configuration asks for", async () => {
    const port = await findFreePort();
    const loose = await configured(`  LocalForward ${port} 127.0.0.1:${sshd.port}`);
    // Tried from the other side while the connection is there, which is this same machine.
    const knock = ["/bin/bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`];

    const result = await start(knock, 15_000, loose);

    expect(result).toMatchObject({ outcome: "failed", exitCode: 1 });
    expect(result.output).toContain("Connection refused");
  });

  describe("T45 with the forced command of docs/ssh.md", () => {
    beforeEach(async () => {
      const text = await readFile("docs/ssh.md", "utf8");
      const script = /```sh\n(?<script>#!\/bin\/sh\n[^`]*)```/.exec(text)?.groups?.script ?? "";
      const options = /^(?<options>restrict,command="[^"]+") /m.exec(text)?.groups?.options ?? "";
      const path = join(sshd.folder, "countersign-only");
      await writeFile(path, script, { mode: 0o755 });
      await sshd.authorize(options.replace("/usr/local/bin/countersign-only", path));
    });

    it("runs what it lists", async () => {
      const found = await executor.probe({ argv: ["/usr/bin/df", "-P", "/"] }, target);

      expect(found).toMatchObject({ status: "found", facts: { exit_code: "0" } });
      expect(found.text).toMatch(/^Filesystem .*Mounted on\n/);
    });

    it.each([
      [["/usr/bin/df", "-P", "/etc"]],
      [["/usr/bin/df", "-P", "/", "/etc"]],
      [["/usr/bin/df", "-P", "/; id"]],
      [["/bin/sh", "-c", "id"]],
    ])("runs nothing else: %j", async (argv) => {
      const result = await start(argv);

      expect(result).toMatchObject({ outcome: "failed", exitCode: 126 });
      expect(result.output).toMatch(/^not allowed here: /);
    });

    it("opens no port for whoever has the key", async () => {
      const tunnel = run("/usr/bin/ssh", [
        ...[
          "-F",
          sshd.config,
          "-o",
          `UserKnownHostsFile=${sshd.knownHosts}`,
          "-o",
          "BatchMode=yes",
        ],
        ...["-W", `127.0.0.1:${sshd.port}`, "web-01"],
      ]);

      await expect(tunnel).rejects.toThrow(/administratively prohibited/);
    });
  });

  it("says its version and how many keys are pinned", async () => {
    await expect(executor.check()).resolves.toMatch(/^OpenSSH_\S+.*, 1 host key pinned$/);
  });
});
