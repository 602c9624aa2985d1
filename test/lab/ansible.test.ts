import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createAnsibleExecutor } from "../../src/execution/ansible.ts";
import { InvalidAction } from "../../src/execution/execution.ts";
import type { Target } from "../../src/remediation/proposal.ts";
import { havePeer } from "../peers.ts";
import type { Sshd } from "./sshd.ts";
import { startSshd } from "./sshd.ts";

const executor = createAnsibleExecutor();
const web: Target = { name: "web", host: "web-01", executor: "ansible", directory: "/" };
const mend = { playbook: "/etc/p/mend.yml", inventory: "/etc/p/hosts" };

describe("describing", () => {
  it("is one argv, with the variables as JSON", () => {
    expect(executor.describe({ ...mend, vars: { port: 80, app: "web" } }, web)).toEqual({
      kind: "argv",
      argv: [
        "/usr/bin/ansible-playbook",
        ...["--inventory", "/etc/p/hosts", "--limit", "web-01"],
        ...["--extra-vars", '{"app":"web","port":80}', "/etc/p/mend.yml"],
      ],
      directory: "/etc/p",
    });
  });

  it.each([
    [
      "T36 a template, which runs programs here",
      { vars: { a: "{{ lookup('pipe', 'id') }}" } },
      web,
    ],
    ["T36 a statement", { vars: { a: "{% for x in y %}" } }, web],
    ["T36 a line break", { vars: { a: "b\nc" } }, web],
    ["T44 a variable of ansible's own", { vars: { ansible_become: "yes" } }, web],
    ["T38 a way up", { playbook: "/etc/p/../q.yml" }, web],
    ["a playbook that the directory chooses", { playbook: "mend.yml" }, web],
    ["another file", { playbook: "/etc/passwd" }, web],
    ["T37 an inventory out of a list of hosts", { inventory: "evil," }, web],
    ["T37 more words", { tags: "x" }, web],
    ["T48 all hosts", {}, { ...web, host: "all" }],
    ["T41 a pattern", {}, { ...web, host: "web-*" }],
    ["T41 two hosts", {}, { ...web, host: "web-01:web-02" }],
    ["T37 an option", {}, { ...web, host: "--become" }],
  ])("refuses %s", (_what, more, target) => {
    expect(() => executor.describe({ ...mend, ...more }, target)).toThrow(InvalidAction);
  });
});

const haveBoth = havePeer("ansible") && havePeer("sshd");

describe.skipIf(!haveBoth)("a real Ansible over a real sshd", { timeout: 120_000 }, () => {
  let sshd: Sshd;
  let inventory: string;
  const file = () => join(sshd.folder, "state");

  beforeAll(async () => {
    sshd = await startSshd();
    inventory = join(sshd.folder, "hosts");
    const common = `-F ${sshd.config} -o UserKnownHostsFile=${sshd.knownHosts} -o StrictHostKeyChecking=yes`;
    const settings = `ansible_ssh_common_args='${common}' ansible_python_interpreter=/usr/bin/python3`;
    await writeFile(inventory, `[lab]\nweb-01 ${settings}\nweb-02 ${settings}\n`);
  }, 30_000);
  afterAll(() => sshd?.stop());

  async function playbook(tasks: string, hosts = "lab"): Promise<string> {
    const path = join(sshd.folder, `p-${Math.random().toString(36).slice(2)}.yml`);
    await writeFile(path, `- hosts: ${hosts}\n  gather_facts: false\n  tasks:\n${tasks}`);
    onTestFinished(() => rm(path, { force: true }));
    return path;
  }

  const writes = () => `    - name: Write the state
      ansible.builtin.copy: {content: "{{ word }}", dest: ${file()}}
`;

  async function pin(action: Record<string, unknown>, target = web) {
    const pinned = await executor.pin?.({ inventory, ...action }, target);
    if (pinned === undefined) throw new Error("it has to be pinned");
    return pinned.command;
  }

  it("tries by --check what it then does, on this host alone", async () => {
    onTestFinished(() => rm(file(), { force: true }));
    const command = await pin({ playbook: await playbook(writes()), vars: { word: "mended" } });

    const told = await executor.dryRun?.(command, { timeoutMs: 60_000 });
    const isThere = existsSync(file());
    const result = await executor.run(command, { timeoutMs: 60_000 });

    expect(told).toBe(
      "with --check it would change Write the state (ok=1 changed=1 unreachable=0 failed=0)",
    );
    expect(isThere).toBe(false);
    expect(result).toMatchObject({ outcome: "succeeded", exitCode: 0 });
    expect(result.output).toContain(": ok=1 changed=1 unreachable=0 failed=0\n");
    expect(result.output).not.toContain("web-02");
    expect(await readFile(file(), "utf8")).toBe("mended");
    expect(await executor.dryRun?.(command, { timeoutMs: 60_000 })).toContain("change nothing");
  });

  it("T48 runs on no group", async () => {
    const path = await playbook(writes());
    await expect(pin({ playbook: path }, { ...web, host: "lab" })).rejects.toThrow(
      "the playbook on lab would run on web-01, web-02, and not on lab alone",
    );
  });

  it("has nothing to do where the playbook is not for this host", async () => {
    const path = await playbook(writes(), "web-02");
    await expect(pin({ playbook: path })).rejects.toThrow(/no host/);
  });

  it("tells how a task failed, tried and run", async () => {
    const path = await playbook("    - {name: Break, ansible.builtin.fail: {msg: out of luck}}\n");
    const command = await pin({ playbook: path });

    expect(await executor.dryRun?.(command, { timeoutMs: 60_000 })).toMatch(
      /^with --check it failed: fatal: \[web-01\].*out of luck/,
    );
    const result = await executor.run(command, { timeoutMs: 60_000 });
    expect(result).toMatchObject({ outcome: "failed", exitCode: 2 });
    expect(result.output).toContain("failed=1");
  });

  it("T42 stops at its deadline, and says that it may go on there", async () => {
    const path = await playbook("    - ansible.builtin.command: /bin/sleep 30\n");
    const command = await pin({ playbook: path });

    const result = await executor.run(command, { timeoutMs: 4000 });

    expect(result).toMatchObject({ outcome: "timed_out" });
    expect(result.output).toContain("may go on");
    expect(result.durationMs).toBeLessThan(9000);
  });

  it("T45 goes to no host whose key is another by now", async () => {
    const known = await readFile(sshd.knownHosts, "utf8");
    // A connection that Ansible left open would be taken up again, and no key looked at.
    await executor.probe({ op: "ping", inventory }, web);
    onTestFinished(() => writeFile(sshd.knownHosts, known));
    await writeFile(sshd.knownHosts, "");

    expect(await executor.probe({ op: "ping", inventory }, web)).toMatchObject({
      status: "found",
      facts: { reachable: "no" },
      text: expect.stringContaining("Host key verification failed"),
    });
  });

  it("tells whether a host is reachable, and its version", async () => {
    expect(await executor.probe({ op: "ping", inventory }, web)).toEqual({
      status: "found",
      facts: { reachable: "yes" },
      text: "web-01: reachable",
    });
    expect(await executor.check()).toMatch(/^ansible-playbook \[core [\d.]+\]$/);
  });

  it.each([
    ["another playbook", (argv: string[]) => argv.with(-1, "/etc/passwd")],
    ["a template", (argv: string[]) => argv.with(6, '{"word":"{{ 1 }}"}')],
    ["more words", (argv: string[]) => [...argv.slice(0, -1), "--become", argv.at(-1) ?? ""]],
    ["all hosts", (argv: string[]) => argv.with(4, "all")],
  ])("P1 runs no stored plan with %s", async (_what, change) => {
    const command = await pin({ playbook: await playbook(writes()), vars: { word: "a" } });
    if (command.kind !== "argv") throw new Error("it is an argv");
    const forged = { ...command, argv: change([...command.argv]) as [string, ...string[]] };

    await expect(executor.run(forged, { timeoutMs: 1000 })).rejects.toThrow(InvalidAction);
  });
});
