import { describe, expect, it } from "vitest";
import type { Target } from "../remediation/proposal.ts";
import { createCommandExecutor } from "./command.ts";
import { InvalidAction } from "./execution.ts";

const executor = createCommandExecutor();
const target: Target = { name: "lab", host: "lab", executor: "command", directory: "/tmp" };

describe("describing a command", () => {
  it("takes the argv as it is and the directory of the target", () => {
    const command = executor.describe({ argv: ["/usr/bin/touch", "-c", "a b; c"] }, target);

    expect(command).toEqual({
      kind: "argv",
      argv: ["/usr/bin/touch", "-c", "a b; c"],
      directory: "/tmp",
    });
  });

  it.each([
    ["T40 a program that PATH would choose", { argv: ["touch", "x"] }],
    ["T40 a program relative to the directory", { argv: ["./touch"] }],
    ["T40 a path that climbs", { argv: ["/usr/bin/../../tmp/evil"] }],
    ["T36 a NUL in an argument", { argv: ["/usr/bin/touch", "a\0b"] }],
    ["T36 one string for a shell", { argv: "/usr/bin/touch x" }],
    ["an empty argv", { argv: [] }],
    ["an argument that is no string", { argv: ["/usr/bin/sleep", 5] }],
    ["a key it does not know", { argv: ["/usr/bin/true"], shell: true }],
    ["nothing at all", {}],
  ])("refuses %s", (_what, action) => {
    expect(() => executor.describe(action, target)).toThrow(InvalidAction);
  });
});

describe("running a command", () => {
  it("gives the result of the process", async () => {
    const command = executor.describe({ argv: ["/bin/pwd"] }, target);

    const result = await executor.run(command, { timeoutMs: 5000 });

    expect(result).toMatchObject({ outcome: "succeeded", exitCode: 0, output: "/tmp\n" });
  });

  it("T42 keeps to the deadline it is given", async () => {
    const command = executor.describe({ argv: ["/bin/sleep", "1000"] }, target);

    const result = await executor.run(command, { timeoutMs: 100 });

    expect(result.outcome).toBe("timed_out");
  });

  it("ends as unknown when it is stopped on the way", async () => {
    const command = executor.describe({ argv: ["/bin/sleep", "1000"] }, target);

    const result = await executor.run(command, {
      timeoutMs: 5000,
      signal: AbortSignal.timeout(1000),
    });

    expect(result.outcome).toBe("unknown");
  });
});

describe("a probe", () => {
  it("gives the exit code and the output as facts", async () => {
    const result = await executor.probe(
      { argv: ["/usr/bin/head", "-c", "4", "/proc/version"] },
      target,
    );

    expect(result).toEqual({
      status: "found",
      facts: { exit_code: "0", output: "Linu" },
      text: "Linu",
    });
  });

  it("takes a failed test as a fact, not as a missing one", async () => {
    const result = await executor.probe({ argv: ["/usr/bin/test", "-e", "/no/such/file"] }, target);

    expect(result).toMatchObject({ status: "found", facts: { exit_code: "1", output: "" } });
  });

  it("keeps the first 4 KiB of the output", async () => {
    const result = await executor.probe({ argv: ["/usr/bin/cat", "/usr/bin/ls"] }, target);

    expect(result.status === "found" && Buffer.byteLength(result.facts.output ?? "")).toSatisfy(
      (bytes: number) => bytes > 1000 && bytes <= 4096,
    );
  });

  it("is missing when it can't be started", async () => {
    const gone = { ...target, directory: "/no/such/directory" };

    const result = await executor.probe({ argv: ["/usr/bin/uptime"] }, gone);

    expect(result).toMatchObject({ status: "missing" });
  });

  it.each([
    [["/usr/bin/test", "!", "-s", "/var/log/app.log"]],
    [["/usr/bin/stat", "-c", "%s", "/etc/hosts"]],
    [["/usr/bin/stat", "--format=%s", "--", "/etc/hosts"]],
    [["/usr/bin/tail", "-n", "20", "/var/log/app.log"]],
    [["/usr/bin/df", "-P", "--output=pcent", "/"]],
    [["/usr/bin/du", "-sh", "--max-depth=1", "/var"]],
    [["/usr/bin/pgrep", "-x", "-c", "nginx"]],
  ])("may be %j", (argv) => {
    expect(executor.describeProbe({ argv }, target)).toMatchObject({ argv });
  });

  it.each([
    [["/usr/bin/rm", "/tmp/x"]],
    [["/bin/sh", "-c", "cat /etc/hosts"]],
    [["/tmp/cat", "/etc/hosts"]],
    [["/usr/bin/tail", "-f", "/var/log/app.log"]],
    [["/usr/bin/tail", "--follow=name", "/var/log/app.log"]],
    [["/usr/bin/tail", "-n", "20; rm", "/var/log/app.log"]],
    [["/usr/bin/tail", "-n"]],
    [["/usr/bin/df", "--sync"]],
    [["/usr/bin/du", "--files0-from=/etc/list"]],
    [["/usr/bin/cat", "relative"]],
    [["/usr/bin/cat", "/var/log/../../etc/shadow"]],
    [["/usr/bin/cat", "-"]],
    [["/usr/bin/uptime", "now"]],
    [["/usr/bin/cat", "/etc/shadow"]],
    [["/usr/bin/cat", "/proc/1/environ"]],
    [["/usr/bin/find", "/var/log", "-delete"]],
    [["/usr/bin/env", "/usr/bin/uptime"]],
    [["/usr/bin/systemctl", "restart", "nginx"]],
    [["toString"]],
  ])("may not be %j", (argv) => {
    expect(() => executor.describeProbe({ argv }, target)).toThrow(InvalidAction);
  });

  it("names the program it refuses", () => {
    expect(() => executor.describeProbe({ argv: ["/usr/bin/rm", "-rf", "/"] }, target)).toThrow(
      /\/usr\/bin\/rm is rated forbidden: rm "\/" takes away more/,
    );
  });
});

it("says as whom commands run", async () => {
  await expect(executor.check()).resolves.toMatch(/^Commands run as uid=\d+/);
});
