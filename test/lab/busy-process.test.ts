import { describe, expect, it, onTestFinished } from "vitest";
import { createProcessExecutor } from "../../src/execution/busy-process.ts";
import type { Pinned } from "../../src/execution/execution.ts";
import type { Command, ProcessIdentity, Target } from "../../src/remediation/proposal.ts";
import { isRoot } from "../peers.ts";
import type { BusyLoop } from "./busy-loop.ts";
import { MEDIA, startBusyLoop } from "./busy-loop.ts";

const executor = createProcessExecutor();
const target: Target = { name: "lab", host: "lab", executor: "process", directory: "/" };
const limits = { timeoutMs: 20_000 };

type Signals = Extract<Command, { kind: "signals" }>;

function pin(loops: readonly BusyLoop[], more: Record<string, unknown> = {}): Promise<Pinned> {
  const among = loops.map(({ name }) => name);
  if (executor.pin === undefined) throw new Error("it pins nothing");
  return executor.pin({ op: "stop_busiest", among, ...more }, target);
}

function changed({ command }: Pinned, process: Partial<ProcessIdentity>): Command {
  const signals = command as Signals;
  if (signals.process === null) throw new Error("nothing was pinned");
  return { ...signals, process: { ...signals.process, ...process } };
}

describe.skipIf(!isRoot())("a process that is busy", { timeout: 30_000 }, () => {
  it("is pinned by its pid and its start, and is the same at the next look", async () => {
    const loop = await startBusyLoop();

    const first = await pin([loop]);
    const second = await pin([loop]);

    expect(first.command).toMatchObject({
      process: {
        ...{ pid: loop.pid, name: loop.name, uid: MEDIA, user: `uid ${MEDIA}` },
        ...{
          startTicks: expect.stringMatching(/^\d+$/),
          bootId: expect.stringMatching(/^[\da-f-]{36}$/),
        },
      },
    });
    expect(first.detail).toMatch(
      /^loop\S+ \(pid \d+\) of uid 12345 takes \d+% of one processor\.$/,
    );
    expect(second.command).toEqual(first.command);
    expect(loop.isThere()).toBe(true);
  });

  it("ends by SIGTERM, it alone", async () => {
    const loop = await startBusyLoop();
    const other = await startBusyLoop();
    const { command } = await pin([loop]);

    const result = await executor.run(command, limits);

    expect(result).toMatchObject({
      outcome: "succeeded",
      output: expect.stringMatching(/^loop\S+ \(pid \d+\) ended \d+\.\d s after SIGTERM\.$/),
    });
    expect(loop.isThere()).toBe(false);
    expect(other.isThere()).toBe(true);
  });

  it("that does not heed SIGTERM is left there, and the output says what would help", async () => {
    const loop = await startBusyLoop({ before: "trap '' TERM;" });
    const { command } = await pin([loop], { grace: "1s" });

    const result = await executor.run(command, limits);

    expect(result).toMatchObject({
      outcome: "failed",
      output: expect.stringContaining('"kill: true" in the runbook would let SIGKILL follow'),
    });
    expect(loop.isThere()).toBe(true);
  });

  it("that does not heed SIGTERM is killed where the runbook says so", async () => {
    const loop = await startBusyLoop({ before: "trap '' TERM;" });
    const { command } = await pin([loop], { grace: "1s", kill: true });

    const result = await executor.run(command, limits);

    expect(result).toMatchObject({
      outcome: "succeeded",
      output: expect.stringContaining("did not end by SIGTERM and was killed after"),
    });
    expect(loop.isThere()).toBe(false);
  });

  it("T42 is not waited for beyond the deadline, nor killed after it", async () => {
    const loop = await startBusyLoop({ before: "trap '' TERM;" });
    const { command } = await pin([loop], { grace: "1m", kill: true });

    const result = await executor.run(command, { timeoutMs: 500 });

    expect(result).toMatchObject({ outcome: "timed_out" });
    expect(loop.isThere()).toBe(true);
  });

  it("is unknown where Countersign has to stop before it has seen the end", async () => {
    const loop = await startBusyLoop({ before: "trap '' TERM;" });
    const { command } = await pin([loop], { grace: "1m", kill: true });
    const stopping = new AbortController();
    const running = executor.run(command, { ...limits, signal: stopping.signal });
    stopping.abort();

    expect(await running).toMatchObject({ outcome: "unknown" });
    expect(loop.isThere()).toBe(true);
  });

  it.each<[string, Partial<ProcessIdentity>, string]>([
    [
      "another start: the pid was given away",
      { startTicks: "1" },
      "its pid now belongs to another",
    ],
    ["another boot", { bootId: "0" }, "started anew since"],
    ["another user", { uid: MEDIA + 1 }, "has become loop"],
  ])("P2 is left alone where it has %s than the one that was shown", async (_what, other, why) => {
    const loop = await startBusyLoop();
    const pinned = await pin([loop]);

    const result = await executor.run(changed(pinned, other), limits);

    expect(result).toMatchObject({ outcome: "failed", output: expect.stringContaining(why) });
    expect(result.output).toContain("Nothing was changed.");
    expect(loop.isThere()).toBe(true);
  });

  it("P2 is left alone where it has become another program since", async () => {
    const loop = await startBusyLoop();
    const { command } = await pin([loop]);
    const { process, ...signals } = command as Signals;
    const renamed = { ...signals, among: ["ffmpeg"], process: { ...process, name: "ffmpeg" } };

    const result = await executor.run(renamed as Signals, limits);

    expect(result.output).toContain(`has become ${loop.name} of`);
    expect(loop.isThere()).toBe(true);
  });

  it("that is gone by then changes nothing", async () => {
    const loop = await startBusyLoop();
    const { command } = await pin([loop]);
    process.kill(loop.pid, "SIGKILL");
    await expect.poll(() => loop.isThere()).toBe(false);

    const result = await executor.run(command, limits);

    expect(result).toMatchObject({
      outcome: "failed",
      output: expect.stringMatching(/has (?:just )?ended by itself\. Nothing was changed\.$/),
    });
  });

  it.each([
    ["root", 0, "belongs to root: restart its service"],
    ["the system", 101, "belongs to the system user "],
    ["nobody", 65_534, "belongs to the user nobody: restart its service"],
  ])("of %s can't be chosen, and the reason says how to proceed", async (_whose, uid, why) => {
    const loop = await startBusyLoop({ uid });

    await expect(pin([loop])).rejects.toThrow(why);
    await expect(pin([loop])).rejects.toThrow(`${loop.name} (pid ${loop.pid}) `);
    const among = [loop.name];
    expect(await executor.probe({ op: "busiest", among }, target)).toMatchObject({
      facts: { found: "no" },
      text: expect.stringContaining(why),
    });
  });

  it("of root is not stopped by a plan that claims it is a person's", async () => {
    const mine = await startBusyLoop();
    const roots = await startBusyLoop({ uid: 0 });
    const pinned = await pin([mine]);
    const forged = changed(pinned, { pid: roots.pid, name: roots.name });

    const result = await executor.run({ ...(forged as Signals), among: [roots.name] }, limits);

    expect(result).toMatchObject({ outcome: "failed" });
    expect(roots.isThere()).toBe(true);
  });

  it("can't be stopped by a user without the right, who is told which one is missing", async () => {
    const loop = await startBusyLoop();
    const { command } = await pin([loop]);
    onTestFinished(() => process.seteuid?.(0));
    process.seteuid?.(MEDIA + 7);

    const result = await executor.run(command, limits);
    const checked = executor.check();
    await expect(checked).resolves.toBe(`may stop processes of uid ${MEDIA + 7} only`);
    process.seteuid?.(0);

    expect(result.output).toContain(`This user (uid ${MEDIA + 7}) may not stop ${loop.name}`);
    expect(result.output).toContain("AmbientCapabilities=CAP_KILL");
    expect(result.output).toContain("Nothing was changed.");
    expect(loop.isThere()).toBe(true);
  });

  it("is what the look tells of", async () => {
    const loop = await startBusyLoop();

    const found = await executor.probe({ op: "busiest", among: [loop.name] }, target);

    expect(found).toMatchObject({
      status: "found",
      facts: { found: "yes", name: loop.name, pid: String(loop.pid), user: `uid ${MEDIA}` },
    });
  });

  it("may be anybody's for root", async () => {
    expect(await executor.check()).toBe("may stop processes of the users 1000 to 60000");
  });
});
