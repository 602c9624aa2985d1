import { expect, it, vi } from "vitest";
import { comesTrue, createProgram, testAlert } from "../harness.ts";

// Four lives of the program.
vi.setConfig({ testTimeout: 120_000 });

it("T75 an alert that makes the program fall over is set aside after the third time, and nothing else is", async () => {
  const program = await createProgram();
  const poison = { COUNTERSIGN_CRASH_POINT: "before-looks" };
  await program.start(poison);
  const first = await program.crashBy(program.fire(testAlert("warning", { number: "1" })));
  for (let life = 2; life <= 3; life += 1) {
    // It may be dead before it has said that it listens.
    await program.start().catch(() => "dead");
    await program.untilEnded();
  }

  await program.start();
  const { checks } = await program.health();
  await program.restart({ COUNTERSIGN_CRASH_POINT: "" });
  const other = await program.raise(testAlert("critical", { number: "2" }));
  await program.untilRequest(other, "pending");

  expect(first.signal).toBe("SIGKILL");
  expect(checks.queue).toMatchObject({ status: "degraded" });
  expect(checks.queue?.detail).toMatch(
    /3 times at investigate of TestAlert \(inc_\w+\), tried again at .+: set aside/,
  );
  expect(await program.history()).toHaveLength(2);
});

it("T75 an alert that blocks the program's loop is set aside after the watchdog's third time, too", async () => {
  const program = await createProgram();
  /** As systemd's watchdog: what does not move any more is ended from outside. */
  const endStuck = async () => {
    const moves = () =>
      fetch(`${program.url}/health`, { signal: AbortSignal.timeout(2_000) }).then(
        () => true,
        () => false,
      );
    expect(await comesTrue(async () => !(await moves()), 30_000)).toBe(true);
    return await program.kill9();
  };
  await program.start({ COUNTERSIGN_CRASH_POINT: "hang:before-looks" });
  void program.fire(testAlert("warning", { number: "1" })).catch(() => "cut off");
  const ends = [await endStuck()];
  for (let life = 2; life <= 3; life += 1) {
    await program.start();
    ends.push(await endStuck());
  }

  await program.start();
  const { checks } = await program.health();
  await program.restart({ COUNTERSIGN_CRASH_POINT: "" });
  const other = await program.raise(testAlert("critical", { number: "2" }));
  await program.untilRequest(other, "pending");

  expect(ends.map((end) => end?.signal)).toEqual(["SIGKILL", "SIGKILL", "SIGKILL"]);
  expect(checks.queue?.detail).toMatch(/3 times at investigate of TestAlert \(inc_\w+\)/);
});
