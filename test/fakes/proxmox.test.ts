import { describe, expect, it, onTestFinished } from "vitest";
import type { FakeGuest } from "./proxmox.ts";
import { startFakeProxmox } from "./proxmox.ts";

async function start() {
  const guests: FakeGuest[] = [
    { type: "lxc", vmid: 105, name: "dns", node: "pve1", status: "running" },
  ];
  const fake = await startFakeProxmox(guests);
  onTestFinished(() => fake.stop());
  const ask = async (method: string, path: string, body?: string, token = fake.token) => {
    const answer = await fetch(`${fake.url}/api2/json${path}`, {
      method,
      headers: {
        Authorization: `PVEAPIToken=${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/x-www-form-urlencoded" }),
      },
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, said: (await answer.json()) as { data: unknown } };
  };
  return { fake, ask };
}

describe("the Proxmox that tests speak to", () => {
  it("carries out an order as a task that can be followed", async () => {
    const { fake, ask } = await start();

    const begun = await ask(
      "POST",
      "/nodes/pve1/lxc/105/status/shutdown",
      "timeout=60&forceStop=1",
    );
    const task = `/nodes/pve1/tasks/${encodeURIComponent(String(begun.said.data))}/status`;
    const [first, second] = [await ask("GET", task), await ask("GET", task)];

    expect(first.said.data).toMatchObject({ status: "running" });
    expect(second.said.data).toMatchObject({ status: "stopped", exitstatus: "OK" });
    expect(fake.guest(105).status).toBe("stopped");
    expect(fake.orders).toEqual(["shutdown lxc/105 timeout=60 forceStop=1"]);
  });

  it.each([
    ["a path that is not there", "POST", "/nodes/pve1/lxc/105/status/destroy", "", 501],
    ["another verb", "PUT", "/nodes/pve1/lxc/105/status/reboot", "", 501],
    ["a parameter that is not there", "POST", "/nodes/pve1/lxc/105/status/start", "timeout=5", 400],
    ["a parameter of another type", "POST", "/nodes/pve1/lxc/105/status/reboot", "timeout=x", 400],
    ["another kind of guest", "POST", "/nodes/pve1/qemu/105/status/reboot", "", 500],
    ["another node", "POST", "/nodes/pve2/lxc/105/status/reboot", "", 500],
    ["a start of what runs", "POST", "/nodes/pve1/lxc/105/status/start", "", 500],
  ])("refuses %s", async (_what, method, path, body, status) => {
    const { fake, ask } = await start();

    expect((await ask(method, path, body)).status).toBe(status);
    expect(fake.orders).toEqual([]);
    expect(fake.complaints).toHaveLength(1);
  });

  it("lets in its token only", async () => {
    const { ask } = await start();
    expect((await ask("GET", "/version", undefined, "root@pam!x=y")).status).toBe(401);
  });
});
