import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { UnreadableProgram } from "./execution.ts";
import { hashFiles } from "./fingerprint.ts";

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "fingerprint-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function file(name: string, content: string, mode = 0o644, directory = temporaryDirectory()) {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

async function pathsOf(...argv: [string, ...string[]]): Promise<string[]> {
  return (await hashFiles(argv)).map(({ path }) => path);
}

describe("the hash of what would run", () => {
  it("is the SHA-256 of the program's bytes", async () => {
    const sha256 = createHash("sha256").update(readFileSync("/bin/sh")).digest("hex");

    expect(await hashFiles(["/bin/sh"])).toEqual([{ path: "/bin/sh", sha256 }]);
  });

  it("T39 changes with one byte of the program", async () => {
    const program = file("fix", "#!/bin/sh\necho 1\n", 0o755);

    const before = await hashFiles([program]);
    writeFileSync(program, "#!/bin/sh\necho 2\n");
    const after = await hashFiles([program]);

    expect(after).not.toEqual(before);
  });

  it("T39 changes with one byte of a script, also when size and time are put back", async () => {
    const script = file("fix.py", "print(1)\n");
    const { atime, mtime } = statSync(script);

    const before = await hashFiles(["/bin/sh", script]);
    writeFileSync(script, "print(2)\n");
    utimesSync(script, atime, mtime);
    const after = await hashFiles(["/bin/sh", script]);

    expect(after).not.toEqual(before);
  });

  it("T39 changes also when the unchanged file had been hashed long before", async () => {
    const program = file("fix", "echo 1\n", 0o755);
    await delay(2100);
    const before = await hashFiles([program]);
    const again = await hashFiles([program]);
    const { atime, mtime } = statSync(program);

    writeFileSync(program, "echo 2\n");
    utimesSync(program, atime, mtime);
    const after = await hashFiles([program]);

    expect(again).toEqual(before);
    expect(after).not.toEqual(before);
  });

  it("T39 changes when a symbolic link is pointed elsewhere", async () => {
    const directory = temporaryDirectory();
    const link = join(directory, "current");
    symlinkSync(file("one", "1", 0o755, directory), link);

    const before = await hashFiles([link]);
    rmSync(link);
    symlinkSync(file("two", "2", 0o755, directory), link);
    const after = await hashFiles([link]);

    expect(before[0]?.path).toBe(link);
    expect(after).not.toEqual(before);
  });
});

describe("the files that count", () => {
  it("are executable arguments and those that begin with #!", async () => {
    const executable = file("run", "anything", 0o755);
    const withShebang = file("run.sh", "#!/bin/sh\n");

    expect(await pathsOf("/usr/bin/env", executable, withShebang)).toEqual([
      "/usr/bin/env",
      executable,
      withShebang,
    ]);
  });

  it("are not the data files a program works on", async () => {
    const log = file("app.log", "line\n");

    expect(await pathsOf("/usr/bin/truncate", "-s", "0", log)).toEqual(["/usr/bin/truncate"]);
  });

  it("are every file an interpreter is given, relative ones as well", async () => {
    const script = file("fix", "echo plain\n");
    const directory = join(script, "..");

    expect(await pathsOf("/bin/sh", script)).toEqual(["/bin/sh", script]);
    expect((await hashFiles(["/bin/sh", "fix"], directory)).map(({ path }) => path)).toEqual([
      "/bin/sh",
      script,
    ]);
  });

  it("are found behind env as well", async () => {
    const script = file("fix", "print(1)\n");

    expect(await pathsOf("/usr/bin/env", "python3", script)).toContain(script);
  });

  it("are found for an interpreter under another name", async () => {
    const script = file("fix", "echo plain\n");
    const link = join(script, "..", "my-shell");
    symlinkSync("/bin/bash", link);

    expect(await pathsOf(link, script)).toEqual([link, script]);
  });

  it("are named once, and directories, flags and missing paths are no files", async () => {
    expect(await pathsOf("/bin/sh", "/bin/sh", "/tmp", "-e", "/no/such/file")).toEqual(["/bin/sh"]);
  });
});

describe("a program that can't be hashed", () => {
  it("is named when it is missing", async () => {
    await expect(hashFiles(["/usr/bin/no-such-program", "/bin/sh"])).rejects.toThrow(
      new UnreadableProgram("/usr/bin/no-such-program does not exist"),
    );
  });

  it("is named when it is a directory", async () => {
    await expect(hashFiles(["/usr/bin"])).rejects.toThrow(UnreadableProgram);
  });
});
