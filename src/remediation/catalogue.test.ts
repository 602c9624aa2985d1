import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCatalogue, lately } from "./catalogue.ts";

let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "runbooks-"));
  dir = join(root, "runbooks");
  mkdirSync(dir, { mode: 0o755 });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(name: string, text = runbook(name.replace(".md", "")), mode = 0o644): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function runbook(id: string, title = "T"): string {
  return `---\nid: ${id}\ntitle: ${title}\nmatch: {alertname: X}\n---\nProse of ${id}.\n`;
}

function catalogue() {
  const adminIds = { telegram: [], slack: [] };
  return createCatalogue({ dir, dataDir: "/data", executors: new Map(), adminIds });
}

describe("the runbook folder", () => {
  it("is read in the order of its file names, and only what is a runbook", () => {
    for (const name of [
      "b.md",
      "a.md",
      "README.md",
      ".hidden.md",
      "notes.txt",
      "policy.example.yaml",
    ]) {
      write(name);
    }

    const whitelist = catalogue().read();

    expect(whitelist.runbooks.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(whitelist.policy).toMatchObject({ protected: ["countersign"] });
    expect(whitelist.problems).toEqual([]);
  });

  it("gives the same runbook again until its file changes, even to the same size", () => {
    write("a.md");
    const { read } = catalogue();
    const [first] = read().runbooks;

    expect(read().runbooks[0]).toBe(first);

    const path = write("new", runbook("a", "U"));
    renameSync(path, join(dir, "a.md"));
    expect(read().runbooks[0]).toMatchObject({ title: "U" });
    expect(read().runbooks[0]?.sha256).not.toBe(first?.sha256);

    rmSync(join(dir, "a.md"));
    expect(read().runbooks).toEqual([]);
  });

  it("is the very same while nobody touches anything, and another with whatever is done", () => {
    write("a.md");
    const { read } = catalogue();
    const first = read();
    expect(read()).toBe(first);

    write("b.md");
    const second = read();
    expect(second.runbooks).toHaveLength(2);
    expect(read()).toBe(second);

    write("policy.yml", "people: []");
    expect(read().problems).toHaveLength(1);
    rmSync(join(dir, "policy.yml"));
    rmSync(join(dir, "a.md"));
    expect(read()).toMatchObject({ runbooks: [{ id: "b" }], problems: [] });
  });

  it("may be asked for as it was lately, which is a moment ago at most", () => {
    write("a.md");
    let elapsedMs = 0;
    const { read } = lately(catalogue(), () => elapsedMs);
    expect(read().runbooks).toHaveLength(1);
    write("b.md");

    elapsedMs = 100;
    expect(read().runbooks).toHaveLength(1);
    elapsedMs = 101;
    expect(read().runbooks).toHaveLength(2);
  });

  it("leaves out a broken runbook, says why, and keeps the others", () => {
    write("a.md");
    const broken = write("b.md", "---\nid: b\n---\n");

    const whitelist = catalogue().read();

    expect(whitelist.runbooks.map(({ id }) => id)).toEqual(["a"]);
    expect(whitelist.problems).toEqual([
      { file: broken, line: 2, message: "title is missing" },
      { file: broken, line: 2, message: "match is missing" },
    ]);
  });

  it("has no policy at all while its file is broken, and has it again when it is mended", () => {
    write("policy.yaml", "protectd: []\n");
    const { read } = catalogue();
    expect(read().policy).toBeNull();
    expect(read().problems).toHaveLength(1);

    write("policy.yaml", "protected: [pve]\n");
    expect(read().policy).toMatchObject({ protected: ["pve"] });
  });

  it("says so when the policy stands in a file that is never read", () => {
    const path = write("policy.yml", "protected: [pve]\n");

    expect(catalogue().read().problems).toEqual([
      { file: path, line: 1, message: "is not read; the file's name is policy.yaml" },
    ]);
  });

  it("has the KPIs of kpis.yaml, and says what is wrong with them", () => {
    const { read, files } = catalogue();
    expect(read().kpis).toEqual([]);

    const path = write("kpis.yaml", "kpis: [{id: a, title: A, promql: up, better: high}]\n");
    expect(read()).toMatchObject({ kpis: [{ id: "a" }], problems: [] });
    expect(files()).toMatchObject([{ name: "kpis.yaml" }]);

    write("kpis.yaml", "kpis: [{id: a, title: A, promql: up)), better: high}]\n");
    write("kpi.yml", "");
    expect(read()).toMatchObject({
      kpis: [],
      problems: [
        { file: path, line: 1, message: expect.stringContaining("not understood as PromQL") },
        { line: 1, message: "is not read; the file's name is kpis.yaml" },
      ],
    });
  });

  it("has the watches of its watch.yaml, and says where one is wrong", () => {
    const one = "  - {name: Slow, title: Slow, promql: up}\n";
    const path = write("watch.yaml", `watches:\n${one}`);
    const { read, files } = catalogue();
    expect(read().watches).toMatchObject([{ name: "Slow", windowMs: 3_600_000, everyMs: 300_000 }]);
    expect(files()?.map(({ name }) => name)).toEqual(["watch.yaml"]);

    write(
      "watch.yaml",
      `watches:\n${one}${one}  - {name: Odd, title: Odd, promql: 'rate(up[5m]', windw: 1h}\n`,
    );
    expect(read().watches).toBeNull();
    expect(read().problems).toEqual([
      { file: path, line: 4, message: 'unknown key "windw"; did you mean "window"?' },
    ]);

    write(
      "watch.yaml",
      `watches:\n${one}${one}  - {name: Odd, title: Odd, promql: 'rate(up[5m]'}\n`,
    );
    expect(read().problems).toEqual([
      { file: path, line: 3, message: "watches[1].name Slow is there twice" },
      {
        file: path,
        line: 4,
        message: expect.stringMatching(/^watches\[2\]\.promql is .*too early/),
      },
    ]);

    rmSync(path);
    expect(read()).toMatchObject({ watches: [], problems: [] });
  });

  it("has an example of it whose every line can be used", () => {
    const example = readFileSync("runbooks/watch.example.yaml", "utf8");
    write("watch.yaml", example.replace(/^# (?=watches:| {2})/gm, ""));

    expect(catalogue().read().problems).toEqual([]);
    expect(catalogue().read().watches).toMatchObject([{ name: "CheckoutSlow", beyond: 1 }]);
  });

  it.each([
    ["a name that is no alert's", "name: a-b", "name must be letters, digits and underscores"],
    ["a window too short to be believed", "window: 5m", "window must be from 15m to 6h"],
    [
      "labels that are the watch's own",
      "labels: {severity: critical}",
      "is set by the watch itself",
    ],
    ["a unit of nothing", "unit: bytes", "unit needs kind as well"],
    ["less than what is usual", "beyond: 0.5", "beyond must be at least 1"],
  ])("refuses a watch with %s", (_, line, why) => {
    const whole = { name: "name: Slow", ...{ [line.split(":")[0] ?? ""]: line } };
    write(
      "watch.yaml",
      `watches:\n  - {title: T, promql: up, ${Object.values(whole).join(", ")}}\n`,
    );

    expect(catalogue().read().problems).toMatchObject([
      { line: 2, message: expect.stringContaining(why) },
    ]);
  });

  it("says so when watches stand in a file that is never read", () => {
    write("watches.yaml", "watches: []\n");

    expect(catalogue().read().problems).toMatchObject([
      { message: "is not read; the file's name is watch.yaml" },
    ]);
  });

  it("allows nothing when it is not there", () => {
    rmSync(dir, { recursive: true });

    expect(catalogue().read()).toMatchObject({
      runbooks: [],
      policy: null,
      problems: [{ file: dir, message: "cannot be read (ENOENT); check RUNBOOKS_DIR" }],
    });
  });

  it("T38 refuses a link that leads out of it", () => {
    const outside = join(root, "a.md");
    writeFileSync(outside, runbook("a"));
    symlinkSync(outside, join(dir, "a.md"));

    const whitelist = catalogue().read();

    expect(whitelist.runbooks).toEqual([]);
    expect(whitelist.problems[0]?.message).toContain("is a link that leads out of the folder");
  });

  it("T38 asks anew about a file that it knows: who may write it, and whether it is still that file", () => {
    const path = write("a.md");
    const known = catalogue();
    const ids = () => known.read().runbooks.map(({ id }) => id);

    expect(ids()).toEqual(["a"]);
    chmodSync(path, 0o666);
    expect(ids()).toEqual([]);
    chmodSync(path, 0o644);
    expect(ids()).toEqual(["a"]);
    renameSync(path, join(root, "moved.md"));
    symlinkSync(join(root, "moved.md"), path);
    expect(ids()).toEqual([]);
  });

  it("T38 follows a link that stays inside", () => {
    mkdirSync(join(dir, "versions"));
    write("versions/a.md", runbook("a"));
    symlinkSync("versions/a.md", join(dir, "a.md"));

    expect(
      catalogue()
        .read()
        .runbooks.map(({ id }) => id),
    ).toEqual(["a"]);
  });

  it("T38 refuses a policy that is a link out of it, and with it every action", () => {
    symlinkSync("/etc/passwd", join(dir, "policy.yaml"));

    expect(catalogue().read().policy).toBeNull();
  });

  it("T38 refuses a file that everybody can write, and says how to mend it", () => {
    const path = write("a.md", runbook("a"), 0o666);

    expect(catalogue().read()).toMatchObject({
      runbooks: [],
      problems: [
        { file: path, message: `can be written by everybody; mend it with: chmod go-w ${path}` },
      ],
    });
  });

  it("T38 notices when a file it knows becomes writable for everybody", () => {
    const path = write("a.md");
    const { read } = catalogue();
    expect(read().runbooks).toHaveLength(1);

    chmodSync(path, 0o666);
    expect(read().runbooks).toEqual([]);
  });

  it("T38 refuses a folder that everybody can write, and with it every action", () => {
    write("a.md");
    chmodSync(dir, 0o777);

    expect(catalogue().read()).toMatchObject({ runbooks: [], policy: null });
  });

  it("T38 accepts what its own group can write, as a checkout under umask 002 has it", () => {
    write("a.md", runbook("a"), 0o664);
    chmodSync(dir, 0o775);

    expect(catalogue().read().problems).toEqual([]);
  });

  it("refuses a file that is none, or far too large", () => {
    mkdirSync(join(dir, "a.md"));
    write("b.md", "x".repeat(300_000));

    expect(
      catalogue()
        .read()
        .problems.map(({ message }) => message),
    ).toEqual(["is not a file", "is larger than 262144 bytes"]);
  });
});
