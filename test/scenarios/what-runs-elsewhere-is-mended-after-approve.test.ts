import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startFakeKubernetes } from "../fakes/kubernetes.ts";
import { startFakeProxmox } from "../fakes/proxmox.ts";
import { startSshd } from "../lab/sshd.ts";
import { havePeer } from "../peers.ts";
import { ANA } from "./box.ts";
import { approve, propose, startWith, undo } from "./other-places.ts";

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-place-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("over http", () => {
  /** A service that is stuck until somebody who knows its token restarts it. */
  async function startStuckService() {
    const heard: string[] = [];
    let state = "stuck";
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      if (request.headers["x-api-key"] !== "s3cret") {
        response.writeHead(401).end();
        return;
      }
      heard.push(`${request.method} ${request.url} ${body}`.trim());
      if (request.method === "POST") state = "ok";
      response.end(JSON.stringify({ service: { state } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    return { origin, changes: () => heard.filter((line) => !line.startsWith("GET")) };
  }

  it("a stuck service is restarted by the request on the card, once", async () => {
    const service = await startStuckService();
    const tokenFile = join(createFolder(), "token");
    writeFileSync(tokenFile, "X-Api-Key: s3cret\n", { mode: 0o600 });
    const program = await startWith({
      executor: "http",
      action: "{method: POST, path: /api/restart, body: {wait: {$number: '5'}}}",
      probe: "{path: /api/state, pick: {state: /service/state}}",
      broken: "{state: stuck}",
      mended: "{state: ok}",
      target: "router",
      targets: `router: {executor: http, host: '${service.origin}', token_file: ${tokenFile}}`,
    });

    const proposed = await propose(program);
    const before = service.changes();
    const story = await approve(program, proposed);

    expect(proposed.card.text).toContain(`POST ${service.origin}/api/restart\n{"wait":5}`);
    expect(proposed.card.text).toContain(`with the token in ${tokenFile}`);
    expect(before).toEqual([]);
    expect(story.requests).toMatchObject([{ state: "succeeded", isApprovedByPolicy: false }]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(service.changes()).toEqual(['POST /api/restart {"wait":5}']);
    expect(JSON.stringify(story) + program.log()).not.toContain("s3cret");
  });

  it("T39 a request that was shown for another address is void", async () => {
    const [shown, other] = [await startStuckService(), await startStuckService()];
    const tokenFile = join(createFolder(), "token");
    writeFileSync(tokenFile, "X-Api-Key: s3cret\n", { mode: 0o600 });
    const targets = (origin: string) =>
      `router: {executor: http, host: '${origin}', token_file: ${tokenFile}}`;
    const program = await startWith({
      executor: "http",
      action: "{method: POST, path: /api/restart}",
      probe: "{path: /api/state, pick: {state: /service/state}}",
      broken: "{state: stuck}",
      mended: "{state: ok}",
      target: "router",
      targets: targets(shown.origin),
    });
    const { incident, card } = await propose(program);

    program.writeRunbook("policy.yaml", `targets:\n  ${targets(other.origin)}\n`);
    const anew = await program.telegramCard(incident, other.origin);
    await program.press(card, { data: card.buttons[0]?.callback_data ?? "" }, ANA);

    expect(anew.text).toContain("Approvals: 0 of 1");
    const { requests } = await program.story(incident);
    expect(requests.map(({ state }) => state)).toEqual(["pending", "superseded"]);
    expect([...shown.changes(), ...other.changes()]).toEqual([]);
  });
});

describe("on Proxmox", () => {
  it("a guest that is down is started, and its task followed", async () => {
    const fake = await startFakeProxmox([
      { type: "lxc", vmid: 105, name: "dns", node: "pve1", status: "stopped" },
    ]);
    onTestFinished(() => fake.stop());
    const program = await startWith({
      executor: "proxmox",
      action: "{op: start}",
      probe: "{op: state}",
      broken: "{state: stopped}",
      mended: "{state: running}",
      target: "dns",
      targets: "dns: {executor: proxmox, host: 'lxc:105'}",
      env: { PROXMOX_URL: fake.url, PROXMOX_TOKEN: fake.token },
    });

    const proposed = await propose(program);
    const before = [...fake.orders];
    const story = await approve(program, proposed);

    expect(proposed.card.text).toContain(
      `POST ${fake.url}/api2/json/nodes/pve1/lxc/105/status/start\nwhich is dns on pve1`,
    );
    expect(before).toEqual([]);
    expect(story.requests).toMatchObject([{ state: "succeeded" }]);
    expect(story.executions).toMatchObject([{ output: "dns: start done." }]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(fake.orders).toEqual(["start lxc/105"]);
    expect(fake.complaints).toEqual([]);
    expect(JSON.stringify(story) + program.log()).not.toContain("11111111-2222");
  });

  it("P2 T41 what was approved is void when the number means another guest by then", async () => {
    const fake = await startFakeProxmox([
      { type: "lxc", vmid: 105, name: "dns", node: "pve1", status: "stopped" },
    ]);
    onTestFinished(() => fake.stop());
    const program = await startWith({
      executor: "proxmox",
      action: "{op: start}",
      probe: "{op: state}",
      broken: "{state: stopped}",
      mended: "{state: running}",
      target: "dns",
      targets: "dns: {executor: proxmox, host: 'lxc:105'}",
      env: { PROXMOX_URL: fake.url, PROXMOX_TOKEN: fake.token },
    });
    const { incident, card } = await propose(program);
    fake.guest(105).name = "database";

    await program.press(card, "Approve", ANA);
    await program.telegramCard(incident, "which is database on pve1");

    expect((await program.story(incident)).requests.map(({ state }) => state)).toEqual([
      "pending",
      "superseded",
    ]);
    expect(fake.orders).toEqual([]);
  });
});

describe.skipIf(!havePeer("kubectl"))("on Kubernetes, by the real kubectl", () => {
  it("a deployment is restarted, tried by the API server first", async () => {
    const cluster = await startFakeKubernetes();
    onTestFinished(() => cluster.stop());
    const program = await startWith({
      executor: "kubernetes",
      action: "{op: restart}",
      probe: "{op: state}",
      broken: "{complete: 'no'}",
      mended: "{complete: 'yes'}",
      target: "web",
      targets: "web: {executor: kubernetes, host: 'shop:deployment:web'}",
      env: { KUBECONFIG: cluster.kubeconfig },
    });

    const proposed = await propose(program);
    const [before, trials] = [[...cluster.changes], [...cluster.trials]];
    const story = await approve(program, proposed);

    expect(proposed.card.text).toContain("rollout restart deployment/web");
    expect(proposed.card.text).toContain("web: 1 of 2 ready");
    expect(proposed.card.text).toContain("Its dry run says: deployment.apps/web patched");
    expect(before).toEqual([]);
    expect(trials).toEqual(["restart deployment/web"]);
    expect(story.requests).toMatchObject([{ state: "succeeded" }]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(cluster.changes).toEqual(["restart deployment/web"]);
    expect(cluster.complaints).toEqual([]);
  });
});

describe.skipIf(!havePeer("sshd"))("over a real sshd", () => {
  it("a file that is missing is made there, after the card showed where that is, and undone by a word", async () => {
    const sshd = await startSshd();
    onTestFinished(() => sshd.stop());
    const file = join(sshd.folder, "state");
    const program = await startWith({
      executor: "ssh",
      action: `{argv: [/usr/bin/touch, '${file}']}`,
      undo: `{argv: [/usr/bin/rm, '${file}']}`,
      probe: `{argv: [/usr/bin/test, -e, '${file}']}`,
      broken: "{exit_code: '1'}",
      mended: "{exit_code: '0'}",
      target: "web-01",
      targets: "web-01: {executor: ssh}",
      env: { SSH_CONFIG: sshd.config, SSH_KNOWN_HOSTS: sshd.knownHosts },
    });

    const proposed = await propose(program);
    const isThere = existsSync(file);
    const story = await approve(program, proposed);

    expect(proposed.card.text).toContain(
      `/usr/bin/touch ${file}\nover ssh on web-01 (root@127.0.0.1:${sshd.port})`,
    );
    expect(isThere).toBe(false);
    expect(story.requests).toMatchObject([{ state: "succeeded" }]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(existsSync(file)).toBe(true);

    const undone = await undo(program, proposed.incident, story.executions[0]?.id ?? "");
    expect(undone.requests.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    expect(undone.verifications.map(({ outcome }) => outcome)).toEqual(["verified", "verified"]);
    expect(existsSync(file)).toBe(false);
  });

  it("T45 P2 what was approved is void when another key is pinned by then", async () => {
    const sshd = await startSshd();
    onTestFinished(() => sshd.stop());
    const file = join(sshd.folder, "state");
    const program = await startWith({
      executor: "ssh",
      action: `{argv: [/usr/bin/touch, '${file}']}`,
      probe: `{argv: [/usr/bin/test, -e, '${file}']}`,
      broken: "{exit_code: '1'}",
      mended: "{exit_code: '0'}",
      target: "web-01",
      targets: "web-01: {executor: ssh}",
      env: { SSH_CONFIG: sshd.config, SSH_KNOWN_HOSTS: sshd.knownHosts },
    });
    const { incident, card } = await propose(program);
    const other =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    const known = readFileSync(sshd.knownHosts, "utf8");
    writeFileSync(sshd.knownHosts, `${known}[127.0.0.1]:${sshd.port} ${other}\n`);

    await program.press(card, "Approve", ANA);
    const story = await program.untilStory(incident, ({ requests }) =>
      requests.some(({ state }) => state === "superseded"),
    );

    expect(story.requests.at(-1)?.endReason).toContain("a key it is known by, was changed");
    expect(story.executions).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });
});

const haveAnsible = havePeer("ansible") && havePeer("sshd");

describe.skipIf(!haveAnsible)("by a real Ansible over a real sshd", { timeout: 180_000 }, () => {
  it("a playbook is tried by --check, shown, approved and run on its host", async () => {
    const sshd = await startSshd();
    onTestFinished(() => sshd.stop());
    const at = (name: string) => join(sshd.folder, name);
    const common = `-F ${sshd.config} -o UserKnownHostsFile=${sshd.knownHosts} -o StrictHostKeyChecking=yes`;
    writeFileSync(
      at("hosts"),
      `web-01 ansible_ssh_common_args='${common}' ansible_python_interpreter=/usr/bin/python3\n`,
    );
    writeFileSync(
      at("mend.yml"),
      `- hosts: all
  gather_facts: false
  tasks:
    - name: Write the state
      ansible.builtin.copy: {content: "{{ word }}", dest: ${at("state")}}
`,
    );
    const program = await startWith({
      executor: "ansible",
      action: `{playbook: ${at("mend.yml")}, inventory: ${at("hosts")}, vars: {word: mended}}`,
      lookBy: "command",
      probe: `{argv: [/usr/bin/test, -e, ${at("state")}]}`,
      broken: "{exit_code: '1'}",
      mended: "{exit_code: '0'}",
      target: "web-01",
      targets: "web-01: {executor: ansible}",
    });

    const proposed = await propose(program, 60_000);
    const isThere = existsSync(at("state"));
    const story = await approve(program, proposed);

    expect(proposed.card.text).toContain(`--limit web-01`);
    expect(proposed.card.text).toContain(
      "Its dry run says: with --check it would change Write the state",
    );
    expect(isThere).toBe(false);
    expect(story.requests).toMatchObject([{ state: "succeeded" }]);
    expect(story.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(readFileSync(at("state"), "utf8")).toBe("mended");
  });
});
