import { createHash } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { lookAtProcess, measureProcesses, parseProcess, parseUidRange } from "./process-table.ts";

const REST = "1 77 77 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 98765 1000 10 0";
const STATUS = "Name:\tffmpeg\nUid:\t1000\t1001\t1002\t1003\nGid:\t1\t1\t1\t1\n";

describe("reading a process", () => {
  it("finds its start, its time and every user it acts as", () => {
    expect(parseProcess(`77 (ffmpeg) R ${REST}`, STATUS)).toEqual({
      pid: 77,
      ppid: 1,
      name: "ffmpeg",
      startTicks: "98765",
      usedTicks: 300,
      isOver: false,
      uids: [1000, 1001, 1002, 1003],
    });
  });

  it.each(["a) R 1 (b", "two words", "line\nbreak", "(", ")", ") R 0 0 0"])(
    "is not led astray by the name %j",
    (name) => {
      expect(parseProcess(`77 (${name}) S ${REST}`, STATUS)).toMatchObject({
        name,
        ppid: 1,
        startTicks: "98765",
      });
    },
  );

  it("takes a dead one for over, but not while other threads of it go on", () => {
    const dead = REST.replace(" 20 0 3 0 ", " 20 0 1 0 ");

    expect(parseProcess(`77 (x) Z ${dead}`, STATUS)).toMatchObject({ isOver: true });
    expect(parseProcess(`77 (x) Z ${REST}`, STATUS)).toMatchObject({ isOver: false });
  });

  it.each([
    ["no stat", "", STATUS],
    ["half a stat", "77 (x) R 1 2", STATUS],
    ["no users", `77 (x) R ${REST}`, "Name:\tx\n"],
  ])("says nothing of %s", (_what, stat, status) => {
    expect(parseProcess(stat, status)).toBeNull();
  });

  it("sees this one at work", async () => {
    const here = lookAtProcess(process.pid);
    const work = setInterval(
      () => createHash("sha256").update(Buffer.alloc(8_000_000)).digest(),
      0,
    );
    onTestFinished(() => clearInterval(work));

    const measured = (await measureProcesses(300)).find(({ pid }) => pid === process.pid);

    expect(measured).toMatchObject({ startTicks: here?.startTicks, ppid: process.ppid });
    expect(measured?.share).toBeGreaterThan(0.1);
  });
});

describe("the uids of people", () => {
  it.each([
    ["as usual without the file", "", { least: 1000, most: 60_000 }],
    [
      "as the file says",
      "#UID_MIN 1\nUID_MIN\t\t  500\nUID_MAX 5000\n",
      { least: 500, most: 5000 },
    ],
    ["never root's", "UID_MIN 0\n", { least: 1, most: 60_000 }],
    [
      "as usual where a line is odd",
      "UID_MIN many\nSYS_UID_MIN 100\n",
      { least: 1000, most: 60_000 },
    ],
  ])("are %s", (_what, text, range) => {
    expect(parseUidRange(text)).toEqual(range);
  });
});
