import { chmodSync } from "node:fs";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Executor } from "../../src/execution/execution.ts";
import { InvalidAction } from "../../src/execution/execution.ts";
import { createKubernetesExecutor } from "../../src/execution/kubernetes.ts";
import type { Target } from "../../src/remediation/proposal.ts";
import type { FakeKubernetes } from "../fakes/kubernetes.ts";
import { startFakeKubernetes } from "../fakes/kubernetes.ts";
import { havePeer } from "../peers.ts";

const web: Target = {
  name: "web",
  host: "shop:deployment:web",
  executor: "kubernetes",
  directory: "/",
};
const worker: Target = { ...web, name: "worker-1", host: "node:worker-1" };

describe("describing", () => {
  const executor = createKubernetesExecutor({ kubeconfig: "/etc/k", program: "/usr/bin/kubectl" });
  const flags = [
    "/usr/bin/kubectl",
    "--kubeconfig=/etc/k",
    "--cache-dir=/dev/null",
    "--request-timeout=10s",
  ];

  it.each([
    [web, { op: "restart" }, ["--namespace=shop", "rollout", "restart", "deployment/web"]],
    [
      web,
      { op: "delete_pod", pod: "web-1" },
      ["--namespace=shop", "delete", "pod/web-1", "--wait=false"],
    ],
    [
      web,
      { op: "scale", replicas: "3", max: 5 },
      ["--namespace=shop", "scale", "deployment/web", "--replicas=3"],
    ],
    [worker, { op: "cordon" }, ["cordon", "worker-1"]],
    [worker, { op: "uncordon" }, ["uncordon", "worker-1"]],
  ])("of %j %j is one argv", (target, action, words) => {
    expect(executor.describe(action, target)).toEqual({
      kind: "argv",
      argv: [...flags, ...words],
      directory: "/",
    });
  });

  it.each([
    ["more than the runbook allows", web, { op: "scale", replicas: 9, max: 5 }],
    ["nothing at all, unless it says so", web, { op: "scale", replicas: 0, max: 5 }],
    ["no bound", web, { op: "scale", replicas: 3 }],
    ["T41 every pod", web, { op: "delete_pod", pod: "--all" }],
    ["T41 a pattern", web, { op: "delete_pod", pod: "web-*" }],
    ["T41 two pods", web, { op: "delete_pod", pod: "web-1,web-2" }],
    ["T36 a command", web, { op: "delete_pod", pod: "web-1; id" }],
    ["T37 an option", web, { op: "delete_pod", pod: "-A" }],
    ["T38 another resource", web, { op: "delete_pod", pod: "../nodes/worker-1" }],
    ["a node like a workload", worker, { op: "restart" }],
    ["a workload like a node", web, { op: "cordon" }],
    ["a drain", worker, { op: "drain" }],
    ["T41 a name without its namespace", { ...web, host: "web" }, { op: "restart" }],
    ["T37 an option as namespace", { ...web, host: "-n:deployment:web" }, { op: "restart" }],
    ["a kind it does not know", { ...web, host: "shop:secret:web" }, { op: "restart" }],
  ])("refuses %s", (_what, target, action) => {
    expect(() => executor.describe(action, target)).toThrow(InvalidAction);
  });
});

describe.skipIf(!havePeer("kubectl"))("with the real kubectl", { timeout: 60_000 }, () => {
  let cluster: FakeKubernetes;
  let executor: Executor;

  beforeEach(async () => {
    cluster = await startFakeKubernetes();
    const { stop } = cluster;
    onTestFinished(() => stop());
    executor = createKubernetesExecutor({ kubeconfig: cluster.kubeconfig });
  });

  async function pin(action: Record<string, unknown>, target = web) {
    const pinned = await executor.pin?.(action, target);
    if (pinned === undefined) throw new Error("it has to be pinned");
    return pinned;
  }

  const run = async (action: Record<string, unknown>, target = web) =>
    executor.run((await pin(action, target)).command, { timeoutMs: 20_000 });

  it.each([
    [web, { op: "restart" }, "restart deployment/web"],
    [web, { op: "delete_pod", pod: "web-5d4f-abcde" }, "delete pod/web-5d4f-abcde"],
    [web, { op: "scale", replicas: 3, max: 5 }, "scale deployment/web to 3"],
    [worker, { op: "cordon" }, "cordon worker-1"],
  ])("tries %j %j, which changes nothing, and then does it", async (target, action, change) => {
    const { command } = await pin(action, target);

    const told = await executor.dryRun?.(command, { timeoutMs: 20_000 });
    const before = [...cluster.changes];
    const result = await executor.run(command, { timeoutMs: 20_000 });

    expect(told).toMatch(/\((?:server )?(?:server )?dry run\)/);
    expect(before).toEqual([]);
    expect(cluster.trials).toEqual([change]);
    expect(result).toMatchObject({ outcome: "succeeded", exitCode: 0 });
    expect(cluster.changes).toEqual([change]);
    expect(cluster.complaints).toEqual([]);
  });

  it("tells how things are", async () => {
    expect(await executor.probe({ op: "state" }, web)).toMatchObject({
      facts: { replicas: "2", ready: "1", complete: "no" },
      text: "web: 1 of 2 ready",
    });
    expect(await executor.probe({ op: "pod", pod: "web-5d4f-abcde" }, web)).toMatchObject({
      facts: { state: "CrashLoopBackOff", ready: "no", restarts: "7" },
    });
    expect(await executor.probe({ op: "state" }, worker)).toMatchObject({
      facts: { ready: "True", cordoned: "no" },
    });
    expect(await executor.probe({ op: "pod", pod: "nobody" }, web)).toMatchObject({
      status: "missing",
      text: expect.stringContaining('pods "nobody" not found'),
    });
    expect(await executor.check()).toBe("Kubernetes v1.32.4");
  });

  it.each(["lone", "other-77aa-xyzab"])(
    "T41 T48 does not delete %s, which is not its own",
    async (pod) => {
      await expect(pin({ op: "delete_pod", pod })).rejects.toThrow(
        `the pod ${pod} does not belong to the deployment web`,
      );
    },
  );

  it("P2 scales from the number that was shown only", async () => {
    const { command } = await pin({ op: "scale", replicas: 3, max: 5 });
    cluster.deployment("web").replicas = 4;

    const result = await executor.run(command, { timeoutMs: 20_000 });

    expect(command).toMatchObject({ argv: expect.arrayContaining(["--current-replicas=2"]) });
    expect(result).toMatchObject({ outcome: "failed" });
    expect(cluster.changes).toEqual([]);
  });

  it("has nothing to do where there are that many already", async () => {
    await expect(pin({ op: "scale", replicas: 2, max: 5 })).rejects.toThrow(/2 replicas already/);
  });

  it("T44 says what the cluster says against it, in the dry run and in the run", async () => {
    cluster.forbidChanges();
    const { command } = await pin({ op: "restart" });

    expect(await executor.dryRun?.(command, { timeoutMs: 20_000 })).toMatch(
      /^it would not be let do that: .*Forbidden/s,
    );
    const result = await run({ op: "restart" });
    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toContain('User "countersign" cannot change this');
  });

  it("P3 is unknown when the answer to a change is lost", async () => {
    const { command } = await pin({ op: "restart" });
    cluster.loseNextAnswer();

    const result = await executor.run(command, { timeoutMs: 20_000 });

    expect(result).toMatchObject({ outcome: "unknown" });
    expect(cluster.changes).toEqual(["restart deployment/web"]);
  });

  it("fails with nothing changed where nobody listens", async () => {
    const { command } = await pin({ op: "restart" });
    await cluster.stop();
    cluster.stop = () => Promise.resolve();

    expect((await executor.run(command, { timeoutMs: 20_000 })).outcome).toBe("failed");
    expect(await executor.probe({ op: "state" }, web)).toMatchObject({ status: "missing" });
  });

  it.each([
    ["another verb", (argv: string[]) => argv.with(-3, "replace")],
    ["another cluster", (argv: string[]) => argv.with(1, "--kubeconfig=/tmp/other")],
    ["another program", (argv: string[]) => argv.with(0, "/tmp/kubectl")],
    ["one more word", (argv: string[]) => [...argv, "--all"]],
    ["another namespace's way in", (argv: string[]) => argv.with(4, "--namespace=a --as=root")],
  ])("P1 runs no stored plan with %s", async (_what, change) => {
    const { command } = await pin({ op: "restart" });
    if (command.kind !== "argv") throw new Error("it is an argv");
    const forged = { ...command, argv: change([...command.argv]) as [string, ...string[]] };

    await expect(executor.run(forged, { timeoutMs: 5000 })).rejects.toThrow(InvalidAction);
    await expect(executor.dryRun?.(forged, { timeoutMs: 5000 })).rejects.toThrow(InvalidAction);
    expect(cluster.changes).toEqual([]);
  });

  it("T45 asks nobody under a kubeconfig that everybody can write", async () => {
    chmodSync(cluster.kubeconfig, 0o666);
    await expect(pin({ op: "restart" })).rejects.toThrow(/can be written by everybody/);
  });

  it("says which setting is missing", async () => {
    const none = createKubernetesExecutor({ kubeconfig: null });
    await expect(none.check()).rejects.toThrow("KUBECONFIG is not set");
  });
});
