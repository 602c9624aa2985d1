import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Executor } from "../../src/execution/execution.ts";
import { createSsh } from "../../src/execution/ssh-transport.ts";
import { createSystemdExecutor } from "../../src/execution/systemd.ts";
import { havePeer } from "../peers.ts";
import { findRootfs } from "./debian-rootfs.ts";
import type { Sshd } from "./sshd.ts";
import { startSshd } from "./sshd.ts";
import type { Machine, Question, User } from "./systemd-machine.ts";
import { startMachine } from "./systemd-machine.ts";

const havePrograms = havePeer("podman") && havePeer("debootstrap");
const rootfs = havePrograms ? await findRootfs() : { ok: false as const, why: "peers are missing" };
const title = rootfs.ok ? "a real systemd" : `a real systemd (${rootfs.why})`;

const service = (lines = "") => `[Service]\nExecStart=/bin/sleep 1000\n${lines}`;

describe.skipIf(!rootfs.ok)(title, { timeout: 30_000 }, () => {
  let machine: Machine;

  beforeAll(async () => {
    if (rootfs.ok) machine = await startMachine(rootfs.archive);
  }, 60_000);
  afterAll(() => machine?.stop(), 30_000);

  /** A service whose process was killed, and that systemd does not bring back. */
  async function installDead(unit: string) {
    await machine.install(unit, service());
    await machine.execute("systemctl", "start", unit);
    await machine.execute("systemctl", "kill", "--signal=KILL", unit);
    await expect
      .poll(() => stateOf(unit), { timeout: 5000 })
      .toMatchObject({
        status: "found",
        facts: { active_state: "failed", result: "signal", main_pid: "0" },
      });
  }

  async function ask(question: Question, user: User = "root"): Promise<unknown> {
    const answer = await machine.ask(user, question);
    if (!answer.ok) throw new Error(answer.message);
    return answer.value;
  }

  function stateOf(unit: string) {
    return ask({ call: "probe", with: { op: "state", unit } });
  }

  function run(op: string, unit: string, user: User = "root") {
    return ask({ call: "run", with: { op, unit } }, user);
  }

  it("restarts a service that was killed, and says how it is now", async () => {
    await installDead("killed.service");

    const result = await run("restart", "killed.service");

    expect(result).toMatchObject({
      outcome: "succeeded",
      exitCode: 0,
      output: "killed.service: restart done, now active (running).",
    });
    expect(await stateOf("killed.service")).toEqual({
      status: "found",
      text: "killed.service: active (running)",
      facts: {
        active_state: "active",
        sub_state: "running",
        load_state: "loaded",
        result: "success",
        n_restarts: "0",
        main_pid: expect.stringMatching(/^[1-9]\d*$/),
      },
    });
  });

  it("clears the failed state, and starts nothing by it", async () => {
    await installDead("cleared.service");

    const result = await run("reset-failed", "cleared.service");

    expect(result).toMatchObject({ outcome: "succeeded" });
    expect(await stateOf("cleared.service")).toMatchObject({
      facts: { active_state: "inactive", sub_state: "dead", result: "success" },
    });
  });

  it("try-restart leaves a service alone that does not run", async () => {
    await machine.install("idle.service", service());

    const result = await run("try-restart", "idle.service");

    expect(result).toMatchObject({
      outcome: "succeeded",
      output: "idle.service: try-restart done, now inactive (dead).",
    });
  });

  it("tells systemd's own words when the service does not come up", async () => {
    await machine.install("broken.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");

    const result = await run("restart", "broken.service");

    expect(result).toMatchObject({ outcome: "failed", exitCode: 1 });
    expect(result).toHaveProperty("output", expect.stringContaining("Job for broken.service"));
    expect(result).toHaveProperty(
      "output",
      expect.stringMatching(/restart failed, now failed \(failed\)\.$/),
    );
  });

  it("T42 keeps to its deadline while systemd goes on", async () => {
    const slow = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 3\n";
    await machine.install("slow.service", slow);

    const result = await ask({
      call: "run",
      with: { op: "restart", unit: "slow.service" },
      timeoutMs: 1000,
    });

    expect(result).toMatchObject({
      outcome: "timed_out",
      output: "slow.service: systemctl was stopped, but systemd may go on with the restart.",
    });
    await expect
      .poll(() => stateOf("slow.service"), { timeout: 10_000 })
      .toMatchObject({ facts: { active_state: "active" } });
  });

  it("knows no unit of another name", async () => {
    const result = await run("restart", "nobody.service");
    const state = await stateOf("nobody.service");

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
    expect(result).toHaveProperty(
      "output",
      "There is no unit nobody.service here; `systemctl list-unit-files` has the names. Nothing was changed.",
    );
    expect(state).toMatchObject({ status: "missing" });
  });

  it("does not restart a masked unit, and says how to unmask it", async () => {
    await machine.install("hidden.service", service());
    await machine.execute("rm", "/etc/systemd/system/hidden.service");
    await machine.execute("systemctl", "mask", "hidden.service");

    const result = await run("restart", "hidden.service");

    expect(result).toHaveProperty(
      "output",
      expect.stringContaining("`systemctl unmask hidden.service`"),
    );
  });

  it("T41 does not restart a unit by another name of it", async () => {
    await machine.install("real.service", service("[Install]\nAlias=other.service\n"));
    await machine.execute("systemctl", "enable", "--now", "real.service");
    const before = await stateOf("real.service");

    const result = await run("restart", "other.service");

    expect(result).toMatchObject({
      outcome: "failed",
      output: "other.service is another name of real.service: name that one. Nothing was changed.",
    });
    expect(await stateOf("other.service")).toMatchObject({ status: "missing" });
    expect(await stateOf("real.service")).toEqual(before);
  });

  it("says systemd's version and as whom it acts", async () => {
    expect(await ask({ call: "check" })).toMatch(/^systemd \d+.*, as root$/);
    expect(await ask({ call: "check" }, "countersign")).toMatch(
      /^systemd \d+.*, as user \d+: it may do what polkit's rules allow$/,
    );
  });

  it("fails clearly as a user without a rule, and names polkit", async () => {
    await installDead("forbidden.service");

    const result = await run("restart", "forbidden.service", "countersign");

    expect(result).toMatchObject({ outcome: "failed", exitCode: 1 });
    expect(result).toHaveProperty(
      "output",
      expect.stringContaining(
        "This user may not restart forbidden.service. Nothing was changed. A polkit rule for org.freedesktop.systemd1.manage-units with unit forbidden.service and verb restart allows it.",
      ),
    );
    expect(await stateOf("forbidden.service")).toMatchObject({ facts: { active_state: "failed" } });
  });

  it("says that there is no polkit to ask, as a user who would need it", async () => {
    await machine.install("unasked.service", service());
    await machine.execute("systemctl", "mask", "--runtime", "--now", "polkit.service");
    onTestFinished(async () => {
      await machine.execute("systemctl", "unmask", "--runtime", "polkit.service");
    });

    const checked = ask({ call: "check" }, "countersign");
    await expect(checked).rejects.toThrow(/may not restart anything: there is no polkit/);
    const result = await run("restart", "unasked.service", "countersign");

    expect(result).toMatchObject({ outcome: "failed", exitCode: 1 });
    expect(result).toHaveProperty(
      "output",
      expect.stringContaining("This user may not restart unasked.service. Nothing was changed."),
    );
  });

  it("T44 as a user with the shipped rule restarts the unit it lists, and may do nothing else", async () => {
    await installDead("nginx.service");
    await machine.install("unlisted.service", service());
    await machine.addRules("systemd/50-countersign.rules");

    const cleared = await run("reset-failed", "nginx.service", "countersign");
    const restarted = await run("restart", "nginx.service", "countersign");
    const tried = await run("try-restart", "nginx.service", "countersign");
    const unlisted = await run("restart", "unlisted.service", "countersign");

    expect([cleared, restarted, tried]).toEqual(
      Array(3).fill(expect.objectContaining({ outcome: "succeeded" })),
    );
    expect(unlisted).toMatchObject({ outcome: "failed" });
    const systemctl = ["systemctl", "--no-ask-password"];
    for (const argv of [
      [...systemctl, "stop", "nginx.service"],
      [...systemctl, "start", "nginx.service"],
      [...systemctl, "reload", "nginx.service"],
      [...systemctl, "kill", "nginx.service"],
      [...systemctl, "set-property", "nginx.service", "CPUWeight=1"],
      [...systemctl, "restart", "unlisted.service"],
      [...systemctl, "disable", "nginx.service"],
      [...systemctl, "mask", "nginx.service"],
      [...systemctl, "daemon-reload"],
      [...systemctl, "isolate", "rescue.target"],
      [...systemctl, "set-environment", "LD_PRELOAD=/tmp/x.so"],
      ["systemd-run", "--no-ask-password", "--unit=nginx", "/bin/true"],
      [
        "systemd-run",
        "--no-ask-password",
        "--unit=nginx.service",
        "--property=User=root",
        "/bin/id",
      ],
    ]) {
      await expect(machine.executeAs("countersign", ...argv), argv.join(" ")).rejects.toThrow(
        /authentication required|Access denied/,
      );
    }
    expect(await stateOf("nginx.service")).toMatchObject({ facts: { active_state: "active" } });
  });

  describe.skipIf(!havePeer("sshd"))("over a real sshd", () => {
    const target = { name: "web", host: "web-01", executor: "systemd", directory: "/" };
    let sshd: Sshd;
    let executor: Executor;

    beforeAll(async () => {
      sshd = await startSshd();
      executor = createSystemdExecutor(createSsh(sshd));
    }, 30_000);
    beforeEach(() => {
      // Whoever comes in by this key is on the machine: its systemd is not the one under the sshd.
      const entrance = machine.entrance.join(" ");
      return sshd.authorize(`command="${entrance} /bin/sh -c \\"$SSH_ORIGINAL_COMMAND\\""`);
    });
    afterAll(() => sshd?.stop());

    async function runThere(op: string, unit: string) {
      const pinned = await executor.pin?.({ op, unit }, target);
      if (pinned === undefined) throw new Error("the machine has to be pinned");
      return await executor.run(pinned.command, { timeoutMs: 20_000 });
    }

    it("restarts a service that was killed there, and says how it is now", async () => {
      await installDead("far.service");
      const probe = { op: "state", unit: "far.service" };
      const before = await executor.probe(probe, target);

      const result = await runThere("restart", "far.service");

      expect(before).toMatchObject({ facts: { active_state: "failed", result: "signal" } });
      expect(result).toMatchObject({
        outcome: "succeeded",
        output: "far.service: restart done, now active (running).",
      });
      expect(await executor.probe(probe, target)).toMatchObject({
        facts: { active_state: "active" },
      });
      expect(await stateOf("far.service")).toMatchObject({ facts: { active_state: "active" } });
    });

    it("T41 does not restart a unit by another name of it", async () => {
      await machine.install("meant.service", service("[Install]\nAlias=alias.service\n"));
      await machine.execute("systemctl", "enable", "--now", "meant.service");

      expect(await runThere("restart", "alias.service")).toMatchObject({
        outcome: "failed",
        output:
          "alias.service is another name of meant.service: name that one. Nothing was changed.",
      });
    });

    it("changes nothing where the machine lets nobody in", async () => {
      await sshd.authorize('from="192.0.2.1"');

      const result = await runThere("restart", "far.service");

      expect(result).toMatchObject({ outcome: "failed", exitCode: null });
      expect(result.output).toMatch(/web-01 was not reached by ssh.*Nothing was changed\.$/);
    });

    it("says that other machines are reached by ssh", async () => {
      await expect(executor.check()).resolves.toMatch(/on other machines by OpenSSH_/);
    });
  });
});
