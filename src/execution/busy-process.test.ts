import { describe, expect, it } from "vitest";
import type { Target } from "../remediation/proposal.ts";
import { createProcessExecutor } from "./busy-process.ts";
import { InvalidAction } from "./execution.ts";

const executor = createProcessExecutor();
const target: Target = { name: "lab", host: "lab", executor: "process", directory: "/" };
const among = ["ffmpeg"];

describe("describing which process may be stopped", () => {
  it("is SIGTERM alone, with ten seconds to end", () => {
    expect(executor.describe({ op: "stop_busiest", among }, target)).toEqual({
      kind: "signals",
      signals: ["SIGTERM"],
      graceMs: 10_000,
      among,
      process: null,
    });
  });

  it("lets SIGKILL follow only where the runbook says so", () => {
    const action = { op: "stop_busiest", among, grace: "2m", kill: true };

    expect(executor.describe(action, target)).toMatchObject({
      signals: ["SIGTERM", "SIGKILL"],
      graceMs: 120_000,
    });
  });

  it.each([
    ["a pattern", ["ff*"]],
    ["a path", ["/usr/bin/ffmpeg"]],
    ["a command line", ["ffmpeg -i x"]],
    ["a name that the kernel would have cut", ["sixteen-letters-"]],
    ["an empty name", [""]],
    ["an option", ["-9"]],
    ["a pid", [77]],
    ["a letter that looks like another", ["ffmрeg"]],
    ["no list", "ffmpeg"],
    ["an empty list", []],
  ])("T41 refuses %s", (_what, names) => {
    expect(() => executor.describe({ op: "stop_busiest", among: names }, target)).toThrow(
      InvalidAction,
    );
    expect(() => executor.describeProbe({ op: "busiest", among: names }, target)).toThrow(
      InvalidAction,
    );
  });

  it.each([
    ["another operation", { op: "kill", among }],
    ["the look as an action", { op: "busiest", among }],
    ["a pid of its own choice", { op: "stop_busiest", among, pid: 77 }],
    ["no time at all", { op: "stop_busiest", among, grace: "0s" }],
    ["more time than five minutes", { op: "stop_busiest", among, grace: "6m" }],
    ["a time that is none", { op: "stop_busiest", among, grace: 10 }],
    ["no names", { op: "stop_busiest" }],
  ])("refuses %s", (_what, action) => {
    expect(() => executor.describe(action, target)).toThrow(InvalidAction);
  });

  it("takes no action for a look", () => {
    expect(() => executor.describeProbe({ op: "stop_busiest", among }, target)).toThrow(
      InvalidAction,
    );
  });
});

describe("sending to a process", () => {
  const process = {
    ...{ pid: 4_000_000, name: "ffmpeg", user: "media", uid: 1000 },
    ...{ startTicks: "1", bootId: "x" },
  };
  const good = { kind: "signals", signals: ["SIGTERM"], graceMs: 1000, among, process } as const;

  it.each([
    ["nobody has looked yet", { ...good, process: null }],
    ["it is only a look", { ...good, signals: [] }],
    ["it is another signal", { ...good, signals: ["SIGSTOP"] }],
    ["it begins with SIGKILL", { ...good, signals: ["SIGKILL"] }],
    ["the name is not on the list", { ...good, process: { ...process, name: "postgres" } }],
    ["it is a process group", { ...good, process: { ...process, pid: -77 } }],
    ["it is every process", { ...good, process: { ...process, pid: -1 } }],
    ["it is the first process", { ...good, process: { ...process, pid: 1 } }],
    ["it is root's", { ...good, process: { ...process, uid: 0 } }],
    ["it is an argv", { kind: "argv", argv: ["/bin/true"], directory: "/" }],
  ])("P1 does nothing where %s", async (_what, command) => {
    await expect(executor.run(command as never, { timeoutMs: 1000 })).rejects.toThrow(
      InvalidAction,
    );
  });
});
