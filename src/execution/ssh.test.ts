import { describe, expect, it } from "vitest";
import type { Target } from "../remediation/proposal.ts";
import { InvalidAction } from "./execution.ts";
import { createSshExecutor } from "./ssh.ts";
import { readSshLog } from "./ssh-log.ts";
import { createSsh } from "./ssh-transport.ts";

const executor = createSshExecutor(createSsh({ config: null, knownHosts: null }));
const on = (host: string): Target => ({ name: "web", host, executor: "ssh", directory: "/" });
const argv = ["/usr/bin/systemctl", "restart", "a b; c"];

it("describes the machine and the words, and not yet where that leads", () => {
  expect(executor.describe({ argv }, on("ops@web-01.lan"))).toEqual({
    kind: "ssh",
    host: "ops@web-01.lan",
    argv,
    peer: null,
  });
});

it.each([
  "-oProxyCommand=touch /tmp/x",
  "-oProxyCommand=x@web",
  "root@-oProxyCommand=x",
  "web 01",
  "web;reboot",
  "$(id)",
  "web\n",
  "web-01:22",
  "ssh://web-01",
  "a@b@c",
  "%h",
  "",
])("T37 refuses the host %j", (host) => {
  expect(() => executor.describe({ argv }, on(host))).toThrow(InvalidAction);
});

it.each([
  ["a program that PATH would choose", { argv: ["systemctl"] }],
  ["one string for a shell", { argv: "/bin/true" }],
  ["a NUL", { argv: ["/bin/true", "a\0b"] }],
  ["a host of its own", { argv: ["/bin/true"], host: "other" }],
])("T36 refuses %s", (_what, action) => {
  expect(() => executor.describe(action, on("web"))).toThrow(InvalidAction);
});

it.each([[["/bin/rm", "/tmp/x"]], [["/usr/bin/tail", "-f", "/var/log/x"]], [["/bin/sh"]]])(
  "has no probe %j",
  (words) => {
    expect(() => executor.describeProbe({ argv: words }, on("web"))).toThrow(InvalidAction);
  },
);

it("runs nothing before it is known where that leads", async () => {
  const command = executor.describe({ argv }, on("web-01"));

  await expect(executor.run(command, { timeoutMs: 1000 })).rejects.toThrow(/where web-01 leads/);
});

it("says which setting is missing", async () => {
  await expect(executor.pin?.({ argv }, on("web-01"))).rejects.toThrow(/SSH_KNOWN_HOSTS/);
  await expect(executor.check()).rejects.toThrow(/SSH_KNOWN_HOSTS/);
});

describe("ssh's own log", () => {
  const begin = "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\r\n";
  const sent = "Authenticated to 127.0.0.1\r\ndebug1: Sending command: /bin/true\r\n";

  it("proves that nothing was started only where it goes up to the failure", () => {
    const refused = `${begin}ssh: connect to host x port 1: Connection refused\r\n`;

    expect(readSshLog(refused)).toMatchObject({
      neverStarted: true,
      complaint: "ssh: connect to host x port 1: Connection refused",
    });
    expect(readSshLog("")).toMatchObject({ neverStarted: false, hasEnded: false });
    expect(readSshLog(begin + sent)).toMatchObject({ neverStarted: false, hasEnded: false });
  });

  it("takes an exit status from ssh's own line only", () => {
    const status = "debug1: client_input_channel_req: channel 0 rtype exit-status reply 0\r\n";

    expect(readSshLog(begin + sent + status).hasEnded).toBe(true);
    expect(readSshLog(`${begin}${sent}debug1: Remote: ${status}`).hasEnded).toBe(false);
  });
});
