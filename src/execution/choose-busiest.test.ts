import { describe, expect, it } from "vitest";
import type { Surroundings } from "./choose-busiest.ts";
import { chooseBusiest } from "./choose-busiest.ts";
import type { MeasuredProcess } from "./process-table.ts";

const SELF = 500;
const USERS: Readonly<Record<number, string>> = { 0: "root", 998: "jellyfin", 1000: "media" };
const about: Surroundings = {
  among: ["ffmpeg", "yes"],
  people: { least: 1000, most: 60_000 },
  self: SELF,
  userNameOf: (uid) => USERS[uid] ?? `uid ${uid}`,
};

function one(pid: number, more: Partial<MeasuredProcess> = {}): MeasuredProcess {
  return {
    ...{ pid, ppid: 1, name: "ffmpeg", startTicks: String(pid * 10), usedTicks: 0, isOver: false },
    ...{ uids: [1000, 1000, 1000, 1000], share: 0.9, ...more },
  };
}

const init = one(1, { ppid: 0, name: "systemd", uids: [0, 0, 0, 0], share: 0 });
const shell = one(400, { name: "bash", share: 0 });
const self = one(SELF, { ppid: 400, name: "node", share: 0 });
const choose = (...processes: MeasuredProcess[]) =>
  chooseBusiest([init, shell, self, ...processes], about);

describe("the busiest process", () => {
  it("is the one that takes most, whatever its place in the list", () => {
    const choice = choose(one(77, { share: 0.3 }), one(78, { share: 1.9 }), one(79));

    expect(choice).toMatchObject({
      ok: true,
      process: { pid: 78 },
      text: "ffmpeg (pid 78) of media takes 190% of one processor.",
    });
  });

  it("P1 is only looked for among the listed names, each of them whole", () => {
    const names = ["postgres", "ffmpeg2", "ffmpe", "FFMPEG", "/usr/bin/ffmpeg", "yes "];

    const choice = choose(...names.map((name, at) => one(100 + at, { name })), one(77));

    expect(choice).toMatchObject({ ok: true, process: { pid: 77 } });
  });

  it("stays the same from look to look where several are much alike", () => {
    const looks = [
      [0.97, 0.99, 0.98],
      [1.0, 0.91, 0.85],
      [0.86, 0.84, 1.0],
    ].map(([a = 0, b = 0, c = 0]) =>
      choose(one(79, { share: a }), one(77, { share: b }), one(78, { share: c })),
    );

    expect(looks).toEqual(
      Array(3).fill(expect.objectContaining({ process: expect.objectContaining({ pid: 77 }) })),
    );
  });

  it.each([
    ["root", { uids: [0, 0, 0, 0] }, "ffmpeg (pid 77) belongs to root: "],
    ["the system", { uids: [998, 998, 998, 998] }, "belongs to the system user jellyfin: "],
    [
      "a container",
      { uids: [100_000, 100_000, 100_000, 100_000] },
      "belongs to the user uid 100000",
    ],
    ["nobody", { uids: [65_534, 65_534, 65_534, 65_534] }, "belongs to the user uid 65534"],
    ["a person, with root's rights", { uids: [1000, 0, 0, 0] }, "belongs to root"],
    ["a person, who can take root's rights", { uids: [1000, 1000, 0, 1000] }, "belongs to root"],
  ])("is not stopped when it belongs to %s", (_whose, more, why) => {
    const choice = choose(one(77, more));

    expect(choice.ok).toBe(false);
    expect(choice.text).toContain(why);
    expect(choice.text).toContain("restart its service");
    // A card cuts a reason there.
    expect(choice.text.length).toBeLessThan(240);
  });

  it.each([
    ["itself", one(SELF, { name: "yes", ppid: 400 })],
    ["what started it", one(400, { name: "yes" })],
    ["what it started", one(600, { name: "yes", ppid: SELF })],
    ["the first process", one(1, { name: "yes", ppid: 0 })],
  ])("is never %s", (_what, process) => {
    const others = [init, shell, self].filter(({ pid }) => pid !== process.pid);

    const choice = chooseBusiest([...others, process], about);

    expect(choice).toMatchObject({
      ok: false,
      text: expect.stringContaining(`(pid ${process.pid})`),
    });
  });

  it("is one of a person's, and the card tells of a busier one that is left alone", () => {
    const choice = choose(one(77, { share: 3, uids: [0, 0, 0, 0] }), one(78));

    expect(choice).toMatchObject({ ok: true, process: { pid: 78 } });
    expect(choice.text).toContain("Busier, and left alone: ffmpeg (pid 77) belongs to root");
  });

  it("is nobody where those of that name rest, and says how much the first of them takes", () => {
    expect(choose(one(77, { share: 0.02 }))).toEqual({
      ok: false,
      text: "None of ffmpeg, yes is busy: ffmpeg (pid 77) takes most, 2% of one processor.",
    });
  });

  it("is nobody where nothing has such a name, and says where to add one", () => {
    expect(choose(one(77, { name: "postgres" }))).toEqual({
      ok: false,
      text: 'No process here is called ffmpeg, yes. If another may be stopped, add its name (ps -eo comm) to "among" in the runbook.',
    });
  });
});
