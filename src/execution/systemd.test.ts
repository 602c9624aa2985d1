import { describe, expect, it } from "vitest";
import type { Command, Target } from "../remediation/proposal.ts";
import { InvalidAction } from "./execution.ts";
import { createSsh } from "./ssh-transport.ts";
import { createSystemdExecutor } from "./systemd.ts";

const executor = createSystemdExecutor(createSsh({ config: null, knownHosts: null }));
const target: Target = { name: "lab", host: "localhost", executor: "systemd", directory: "/tmp" };
const elsewhere: Target = { ...target, host: "ops@web-01" };
const flags = ["/usr/bin/systemctl", "--no-pager", "--no-ask-password"] as const;

const NAMES = [
  "nginx.service",
  "php8.2-fpm.service",
  "dbus-org.freedesktop.network1.service",
  "a_b:c.service",
  "docker.socket",
  "backup.timer",
  "spool.path",
  "mnt-media.mount",
];

const BAD_NAMES: readonly (readonly [string, unknown])[] = [
  ["T41 a pattern for every service", "*.service"],
  ["T41 a pattern of one letter", "ngin?.service"],
  ["T41 a pattern of letters", "ngin[xy].service"],
  ["T41 an instance", "getty@tty1.service"],
  ["T41 a template", "getty@.service"],
  ["T41 the path of a unit file", "/etc/systemd/system/nginx.service"],
  ["T41 a path that climbs", "../nginx.service"],
  ["T41 a path that systemd would turn into a mount", "/mnt/media"],
  ["T41 an option", "--force.service"],
  ["T41 the root file system", "-.mount"],
  ["T41 a name without its ending", "nginx"],
  ["T41 an ending in capitals", "nginx.SERVICE"],
  ["T41 two names", "nginx.service ssh.service"],
  ["T41 a name and a line", "nginx.service\n"],
  ["T41 an escaped character", "mnt-my\\x2dmedia.mount"],
  ["T41 a letter that looks like another", "nginх.service"],
  ["T41 a name that is longer than names are", `${"a".repeat(242)}.service`],
  ["T36 a command behind the name", "nginx.service;reboot"],
  ["T36 a NUL", "nginx\0.service"],
  ["a target, which is many units", "multi-user.target"],
  ["a target that turns the machine off", "poweroff.target"],
  ["a slice", "system.slice"],
  ["a scope", "session-1.scope"],
  ["a service that turns the machine off", "systemd-poweroff.service"],
  ["a service that restarts the machine", "systemd-reboot.service"],
  ["a service that puts the machine to sleep", "systemd-suspend.service"],
  ["a service that ends all others", "emergency.service"],
  ["an empty name", ""],
  ["only an ending", ".service"],
  ["a name that is no string", 5],
  ["a list of names", ["nginx.service"]],
];

describe("describing what is done to a unit", () => {
  it.each(["restart", "try-restart", "reset-failed"])("turns %s into one argv", (op) => {
    expect(executor.describe({ op, unit: "nginx.service" }, target)).toEqual({
      kind: "argv",
      argv: [...flags, op, "--", "nginx.service"],
      directory: "/",
    });
  });

  it.each(NAMES)("takes %s as it is", (unit) => {
    const command = executor.describe({ op: "restart", unit }, target);

    expect(command).toMatchObject({ argv: [...flags, "restart", "--", unit] });
  });

  it.each(BAD_NAMES)("refuses %s", (_what, unit) => {
    expect(() => executor.describe({ op: "restart", unit }, target)).toThrow(InvalidAction);
    expect(() => executor.describeProbe({ op: "state", unit }, target)).toThrow(InvalidAction);
  });

  it.each([
    ["an operation that is not on the list", { op: "stop", unit: "nginx.service" }],
    ["a start, which no rule should allow", { op: "start", unit: "nginx.service" }],
    ["a probe", { op: "state", unit: "nginx.service" }],
    ["an operation as an option", { op: "--force", unit: "nginx.service" }],
    ["no unit", { op: "restart" }],
    ["a key it does not know", { op: "restart", unit: "nginx.service", host: "web" }],
    ["nothing at all", {}],
  ])("refuses %s", (_what, action) => {
    expect(() => executor.describe(action, target)).toThrow(InvalidAction);
  });

  it("says what a name looks like", () => {
    expect(() => executor.describe({ op: "restart", unit: "nginx" }, target)).toThrow(
      /^with\.unit: must be the exact name of one service.*such as nginx\.service/,
    );
  });
});

describe("a probe", () => {
  it("asks for the properties it reads, of one unit", () => {
    expect(executor.describeProbe({ op: "state", unit: "nginx.service" }, target)).toEqual({
      kind: "argv",
      argv: [
        ...flags,
        "show",
        "--property=Id,LoadState,ActiveState,SubState,Result,NRestarts,MainPID",
        "--",
        "nginx.service",
      ],
      directory: "/",
    });
  });

  it.each([
    ["an action", { op: "restart", unit: "nginx.service" }],
    ["a key it does not know", { op: "state", unit: "nginx.service", property: "Environment" }],
    ["nothing at all", {}],
  ])("refuses %s", (_what, probe) => {
    expect(() => executor.describeProbe(probe, target)).toThrow(InvalidAction);
  });
});

it("takes a stored plan whatever the order of its keys, and changes nothing where there is no such unit", async () => {
  const { kind, argv, directory } = {
    kind: "argv" as const,
    argv: [...flags, "restart", "--", "countersign-no-such-unit.service"] as const,
    directory: "/",
  };

  const result = await executor.run({ directory, argv, kind }, { timeoutMs: 5000 });

  expect(result).toMatchObject({ outcome: "failed", exitCode: null });
  expect(result.output).toMatch(/Nothing was changed\.$/);
});

describe("a stored plan that `describe` can't have written", () => {
  const directory = "/";

  it.each<readonly [string, Command]>([
    [
      "another program",
      {
        kind: "argv",
        argv: ["/usr/bin/reboot", ...flags.slice(1), "restart", "--", "a.service"],
        directory,
      },
    ],
    ["another operation", { kind: "argv", argv: [...flags, "stop", "--", "a.service"], directory }],
    [
      "an option more",
      { kind: "argv", argv: [...flags, "restart", "--force", "--", "a.service"], directory },
    ],
    ["no end of options", { kind: "argv", argv: [...flags, "restart", "a.service"], directory }],
    [
      "a second unit",
      { kind: "argv", argv: [...flags, "restart", "--", "b.service", "a.service"], directory },
    ],
    [
      "another directory",
      { kind: "argv", argv: [...flags, "restart", "--", "a.service"], directory: "/tmp" },
    ],
    ["a probe", executor.describeProbe({ op: "state", unit: "a.service" }, target)],
    ["a request", { kind: "http", method: "POST", path: "/", body: null }],
  ])("is not started: %s", async (_what, command) => {
    await expect(executor.run(command, { timeoutMs: 1000 })).rejects.toThrow(InvalidAction);
  });
});

describe("a unit on another machine", () => {
  const restart = executor.describe({ op: "restart", unit: "nginx.service" }, elsewhere);

  it("is the same argv over ssh, for an action and for a look", () => {
    expect(restart).toEqual({
      kind: "ssh",
      host: "ops@web-01",
      argv: [...flags, "restart", "--", "nginx.service"],
      peer: null,
    });
    expect(executor.describeProbe({ op: "state", unit: "nginx.service" }, elsewhere)).toMatchObject(
      { kind: "ssh", host: "ops@web-01" },
    );
  });

  it("T37 takes no host that ssh could read as an option", () => {
    const to = { ...target, host: "-oProxyCommand=x" };
    expect(() => executor.describe({ op: "restart", unit: "a.service" }, to)).toThrow(
      InvalidAction,
    );
  });

  it("is not restarted before it is known where ssh leads", async () => {
    await expect(executor.run(restart, { timeoutMs: 1000 })).rejects.toThrow(/where .* leads/);
    await expect(
      executor.pin?.({ op: "restart", unit: "nginx.service" }, elsewhere),
    ).rejects.toThrow(/SSH_KNOWN_HOSTS/);
  });

  it("P1 runs nothing there but what describe writes", async () => {
    if (restart.kind !== "ssh") throw new Error("it is over ssh");
    const peer = { address: "ops@web-01:22", hostKeys: ["SHA256:x"], settings: "0".repeat(64) };
    for (const words of [
      ["stop", "--", "nginx.service"],
      ["restart", "--all", "--", "nginx.service"],
    ]) {
      const forged = { ...restart, peer, argv: [...flags, ...words] as const };
      await expect(executor.run(forged, { timeoutMs: 1000 })).rejects.toThrow(InvalidAction);
    }
  });
});
