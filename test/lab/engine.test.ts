import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDockerExecutor } from "../../src/execution/docker.ts";
import type { Executor } from "../../src/execution/execution.ts";
import type { Target } from "../../src/remediation/proposal.ts";
import { havePeer } from "../peers.ts";
import type { Engine } from "./engine.ts";
import { startEngine } from "./engine.ts";
import { findFreePort } from "./peer-process.ts";

const target: Target = { name: "web", host: "web", executor: "docker", directory: "/" };
const sleep = ["/bin/sleep", "1000"] as const;

describe.skipIf(!havePeer("podman"))("a real container engine", { timeout: 30_000 }, () => {
  let engine: Engine;
  let executor: Executor;

  beforeAll(async () => {
    engine = await startEngine();
    executor = createDockerExecutor({ host: engine.host });
  }, 60_000);
  afterAll(() => engine?.stop(), 30_000);

  function run(action: Readonly<Record<string, unknown>>) {
    return executor.run(executor.describe(action, target), { timeoutMs: 20_000 });
  }

  it("passes the check with its version", async () => {
    await expect(executor.check()).resolves.toMatch(/^Container engine \d+\.\d+.*, API \d/);
  });

  it("restarts a container that was stopped", async () => {
    await engine.runContainer("stopped", sleep);
    await engine.stopContainer("stopped");
    const before = await engine.state("stopped");

    const result = await run({ op: "restart", container: "stopped", timeout: "1s" });

    expect(before).toBe("exited");
    expect(result).toMatchObject({ outcome: "succeeded", exitCode: null });
    expect(await engine.state("stopped")).toBe("running");
  });

  it("stops and starts a container, and finds nothing to do the second time", async () => {
    await engine.runContainer("toggled", sleep);
    const stop = { op: "stop", container: "toggled", timeout: "1s" };

    const stopped = await run(stop);
    const stoppedAgain = await run(stop);
    const stateWhenStopped = await engine.state("toggled");
    const started = await run({ op: "start", container: "toggled" });

    expect([stopped, stoppedAgain, started].map(({ outcome }) => outcome)).toEqual([
      "succeeded",
      "succeeded",
      "succeeded",
    ]);
    expect(stoppedAgain.output).toBe("toggled: nothing to do for stop.");
    expect(stateWhenStopped).toBe("exited");
    expect(await engine.state("toggled")).toBe("running");
  });

  it("inspects a container that has ended with its exit code", async () => {
    await engine.runContainer("ended", ["/bin/sh", "-c", "exit 3"]);
    await expect.poll(() => engine.state("ended"), { timeout: 5000 }).toBe("exited");

    const result = await executor.probe({ op: "inspect", container: "ended" }, target);

    expect(result).toMatchObject({
      status: "found",
      facts: { state: "exited", health: "none", exit_code: "3", image: "localhost/lab:1" },
    });
  });

  it("reads the last lines of a log", async () => {
    await engine.runContainer("talkative", ["/bin/sh", "-c", "echo one; echo two >&2; sleep 1000"]);
    const probe = () => executor.probe({ op: "logs", container: "talkative", tail: "5" }, target);

    await expect.poll(async () => (await probe()).text, { timeout: 5000 }).toContain("two");

    expect(await probe()).toMatchObject({ status: "found", facts: { output: "one\ntwo" } });
  });

  it("knows no container of another name", async () => {
    const result = await run({ op: "restart", container: "nobody" });

    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.output).toContain("There is no container nobody");
  });

  it("T41 does not restart a container by the beginning of its id", async () => {
    await engine.runContainer("by-name-only", sleep);
    const inspected = await executor.probe({ op: "inspect", container: "by-name-only" }, target);
    const id = await engine.idOf("by-name-only");

    const result = await run({ op: "restart", container: id.slice(0, 12) });

    expect(inspected.status).toBe("found");
    expect(result.outcome).toBe("failed");
    expect(result.output).toContain("that is by-name-only");
    expect(await executor.probe({ op: "inspect", container: "by-name-only" }, target)).toEqual(
      inspected,
    );
  });

  it("serves metrics from a container until it is stopped", async () => {
    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}/metrics`;

    await engine.runMetricsContainer("metrics", port);
    const body = await (await fetch(url)).text();
    await engine.stopContainer("metrics");

    expect(body).toContain("lab_up 1");
    await expect(fetch(url)).rejects.toThrow();
  });

  it("is gone with all its containers and files when it is stopped", async () => {
    const other = await startEngine();
    const port = await findFreePort();
    await other.runMetricsContainer("left", port);
    const orphan = createDockerExecutor({ host: other.host });
    const order = orphan.describe({ op: "restart", container: "left" }, target);

    await other.stop();
    const result = await orphan.run(order, { timeoutMs: 5000 });

    expect(result.outcome).toBe("failed");
    expect(result.output).toContain(`Is it running? DOCKER_HOST=${other.host}`);
    expect(existsSync(other.host.replace("unix://", ""))).toBe(false);
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });
});
