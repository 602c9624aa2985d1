import { describe, expect, it, onTestFinished } from "vitest";
import { InvalidAction } from "../../src/execution/execution.ts";
import { createProxmoxExecutor } from "../../src/execution/proxmox.ts";
import type { Target } from "../../src/remediation/proposal.ts";
import type { FakeGuest } from "../fakes/proxmox.ts";
import { startFakeProxmox } from "../fakes/proxmox.ts";

const dns: Target = { name: "dns", host: "lxc:105", executor: "proxmox", directory: "/" };

async function start(status: FakeGuest["status"] = "running") {
  const fake = await startFakeProxmox([
    { type: "lxc", vmid: 105, name: "dns", node: "pve1", status },
    { type: "qemu", vmid: 101, name: "nas", node: "pve2", status: "running" },
  ]);
  onTestFinished(() => fake.stop());
  const executor = createProxmoxExecutor(fake);
  const pin = async (action: Record<string, unknown>, target = dns) => {
    const pinned = await executor.pin?.(action, target);
    if (pinned === undefined) throw new Error("a guest has to be pinned");
    return pinned.command;
  };
  return {
    fake,
    executor,
    pin,
    run: async (action: Record<string, unknown>, timeoutMs = 10_000, signal?: AbortSignal) =>
      executor.run(await pin(action), { timeoutMs, ...(signal === undefined ? {} : { signal }) }),
  };
}

describe("an order", () => {
  it("names the guest as the cluster does, on the node it is on", async () => {
    const { pin, fake } = await start();

    expect(await pin({ op: "reboot", timeout: "90s" })).toEqual({
      kind: "http",
      origin: fake.url,
      method: "POST",
      path: "/api2/json/nodes/pve1/lxc/105/status/reboot",
      body: { timeout: 90 },
      meant: "dns on pve1",
    });
    const nas = { ...dns, name: "nas", host: "vm:101" };
    expect(await pin({ op: "shutdown", force: true }, nas)).toMatchObject({
      path: "/api2/json/nodes/pve2/qemu/101/status/shutdown",
      body: { timeout: 60, forceStop: 1 },
      meant: "nas on pve2",
    });
  });

  it.each([
    ["a power cut", { op: "stop" }, dns],
    ["a guest of its own choice", { op: "reboot", vmid: 101 }, dns],
    ["a timeout beyond measure", { op: "reboot", timeout: "1000m" }, dns],
    ["T41 a machine's name", { op: "reboot" }, { ...dns, host: "dns" }],
    ["T38 a way up", { op: "reboot" }, { ...dns, host: "lxc:105/../101" }],
    ["T41 all of them", { op: "reboot" }, { ...dns, host: "lxc:*" }],
  ])("is not %s", async (_what, action, target) => {
    const { executor } = await start();
    expect(() => executor.describe(action, target)).toThrow(InvalidAction);
  });

  it("is for a guest that is there", async () => {
    const { pin } = await start();
    await expect(pin({ op: "reboot" }, { ...dns, host: "vm:105" })).rejects.toThrow(
      /no vm:105 that the token may see: it needs VM.Audit and VM.PowerMgmt/,
    );
  });
});

describe("a run", () => {
  it.each([
    ["start", "stopped", "running", "start lxc/105"],
    ["reboot", "running", "running", "reboot lxc/105 timeout=60"],
    ["shutdown", "running", "stopped", "shutdown lxc/105 timeout=60"],
  ] as const)("of %s follows the task to its end", async (op, before, after, order) => {
    const { run, fake } = await start(before);

    const result = await run({ op });

    expect(result).toMatchObject({ outcome: "succeeded", output: `dns: ${op} done.` });
    expect(fake.guest(105).status).toBe(after);
    expect(fake.orders).toEqual([order]);
    expect(fake.complaints).toEqual([]);
  });

  it("fails with the task's own word", async () => {
    const { run, fake } = await start();
    fake.endNextTask("CT is locked (backup)");

    expect(await run({ op: "reboot" })).toMatchObject({
      outcome: "failed",
      output: "dns: reboot failed: CT is locked (backup)",
    });
  });

  it("fails with what Proxmox says against it", async () => {
    const { run } = await start();
    const result = await run({ op: "start" });
    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toBe("Proxmox answered 500: CT 105 is running. Nothing was changed.");
  });

  it("T42 stops at its deadline and names the task that goes on", async () => {
    const { run, fake } = await start();
    fake.holdTasks();

    const result = await run({ op: "reboot" }, 600);

    expect(result).toMatchObject({ outcome: "timed_out" });
    expect(result.output).toMatch(/^dns: reboot was begun, and its task goes on: UPID:pve1:/);
    expect(result.durationMs).toBeLessThan(5000);
  });

  it("is unknown when it is stopped after the order", async () => {
    const { run, fake } = await start();
    fake.holdTasks();
    const stop = new AbortController();
    const running = run({ op: "reboot" }, 20_000, stop.signal);
    await expect.poll(() => fake.orders.length).toBe(1);

    stop.abort();

    expect(await running).toMatchObject({ outcome: "unknown" });
  });

  it.each(["connection", 596] as const)(
    "P3 is unknown when the answer to the order is lost: %s",
    async (how) => {
      const { run, fake } = await start();
      fake.loseNextAnswer(how);

      const result = await run({ op: "reboot" });

      expect(result.outcome).toBe("unknown");
      expect(fake.orders).toHaveLength(1);
    },
  );

  it("T41 T39 is none where the number means another guest by now", async () => {
    const { executor, pin, fake } = await start();
    const command = await pin({ op: "reboot" });
    fake.guest(105).name = "database";

    const result = await executor.run(command, { timeoutMs: 5000 });

    expect(result).toMatchObject({
      outcome: "failed",
      output: "dns on pve1 is now database on pve1. Nothing was changed.",
    });
    expect(fake.orders).toEqual([]);
  });

  it.each([
    ["another verb", { path: "/api2/json/nodes/pve1/lxc/105/status/stop" }],
    ["another path", { path: "/api2/json/nodes/pve1/lxc/105/config" }],
    ["another cluster", { origin: "http://127.0.0.1:1" }],
    ["another parameter", { body: { timeout: 60, skiplock: 1 } }],
    ["no name", { meant: "" }],
  ])("P1 is none of a stored plan with %s", async (_what, change) => {
    const { executor, pin, fake } = await start();
    const command = await pin({ op: "reboot" });
    if (command.kind !== "http") throw new Error("it is a request");

    await expect(
      executor.run({ ...command, ...change }, { timeoutMs: 1000 }).then(({ output }) => {
        throw new Error(output);
      }),
    ).rejects.toThrow(/only starts, shuts down and reboots guests|is now dns on pve1/);
    expect(fake.orders).toEqual([]);
  });
});

describe("a look", () => {
  it("tells the guest's state", async () => {
    const { executor } = await start("stopped");
    expect(await executor.probe({ op: "state" }, dns)).toEqual({
      status: "found",
      facts: { state: "stopped", name: "dns", node: "pve1" },
      text: "dns on pve1: stopped",
    });
  });

  it("T77 says what is wrong with a token, and not the token", async () => {
    const { fake } = await start();
    const wrong = "countersign@pve!fixes=99999999-2222-3333-4444-555555555555";
    const executor = createProxmoxExecutor({ url: fake.url, token: wrong });

    const found = await executor.probe({ op: "state" }, dns);

    expect(found).toMatchObject({ status: "missing" });
    expect(found.text).toBe("Proxmox answered 401: authentication failure.");
    await expect(executor.check()).rejects.toThrow("authentication failure");
  });

  it("says the version, or which settings are missing", async () => {
    const { executor, fake } = await start();
    expect(await executor.check()).toBe(`Proxmox VE 8.4.1 at ${fake.url}`);
    await expect(createProxmoxExecutor(null).check()).rejects.toThrow(/PROXMOX_URL/);
  });
});
