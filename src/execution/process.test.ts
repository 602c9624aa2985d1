import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ProcessOptions } from "./process.ts";
import { runProcess } from "./process.ts";

function run(argv: readonly [string, ...string[]], options: Partial<ProcessOptions> = {}) {
  return runProcess({ argv, directory: "/", timeoutMs: 10_000, graceMs: 200, ...options });
}

function shell(script: string, options: Partial<ProcessOptions> = {}) {
  return run(["/bin/sh", "-c", script], options);
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "process-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** How many live processes have exactly this argument, told by /proc. */
async function countWithArgument(argument: string): Promise<number> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => argumentsOf(pid).includes(argument)).length;
}

/** How many live processes have this anywhere in their arguments or their environment. */
async function countMarked(mark: string): Promise<number> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) =>
    ["cmdline", "environ"].some((name) => contentOf(`/proc/${pid}/${name}`).includes(mark)),
  ).length;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** A sleep that can be told from every other one on the machine. */
function uniqueSeconds(): string {
  return `1000.${Math.random().toString().slice(2, 12)}1`;
}

describe("a process", () => {
  it("succeeds with its output and exit code 0", async () => {
    const result = await run(["/bin/echo", "hello"]);

    expect(result).toMatchObject({
      outcome: "succeeded",
      exitCode: 0,
      output: "hello\n",
      isTruncated: false,
    });
  });

  it("fails with its own exit code, and both streams are kept", async () => {
    const result = await shell("echo out; sleep 0.1; echo err >&2; sleep 0.1; echo end; exit 3");

    expect(result).toMatchObject({ outcome: "failed", exitCode: 3, output: "out\nerr\nend\n" });
  });

  it("writes its two streams in one order, also without a pause between them", async () => {
    const result = await shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done");

    expect(result.output).toBe("out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
  });

  it("can open its own streams by name, as scripts do", async () => {
    const result = await shell("echo out >/dev/stdout; echo err >/dev/stderr");

    expect(result).toMatchObject({ outcome: "succeeded", output: "out\nerr\n" });
  });

  it("leaves no file behind", async () => {
    const result = await shell('ls /tmp | grep -c "countersign-$COUNTERSIGN_RUN"');

    expect(result.output).toBe("0\n");
  });

  it("fails without an exit code when a signal ended it", async () => {
    const result = await shell("kill -9 $$");

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
  });

  it("reads an empty input instead of waiting for one", async () => {
    const result = await run(["/bin/cat"]);

    expect(result).toMatchObject({ outcome: "succeeded", output: "" });
  });

  it("runs in the directory it was given", async () => {
    const directory = temporaryDirectory();

    const result = await run(["/bin/pwd"], { directory });

    expect(result.output).toBe(`${directory}\n`);
  });
});

describe("T36 a process gets its arguments as they are", () => {
  it.each(["a; rm -rf /", "$(touch /tmp/owned)", "`id`", "a\nb", "a | b > c", "'\"\\", "*", "--"])(
    "T36 %j reaches the program as one literal argument",
    async (argument) => {
      const result = await run(["/usr/bin/printf", "[%s]", argument]);

      expect(result.output).toBe(`[${argument}]`);
    },
  );

  it("T36 an argument with a NUL is refused before anything starts", async () => {
    const result = await run(["/bin/echo", "a\0b"]);

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
    expect(result.output).toContain("NUL");
  });
});

describe("T40 a process inherits nothing", () => {
  it("T40 sees only PATH, LANG and the tag of its run, whatever our own environment holds", async () => {
    vi.stubEnv("LD_PRELOAD", "");
    vi.stubEnv("NODE_OPTIONS", "--require=/tmp/evil.js");
    vi.stubEnv("PATH", "/tmp/evil");
    vi.stubEnv("BASH_ENV", "/tmp/evil.sh");

    const result = await run(["/usr/bin/env"]);

    expect(result.output.replace(/=[0-9a-f-]{36}\n/, "=<id>\n").split("\n")).toEqual([
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      "LANG=C.UTF-8",
      "COUNTERSIGN_RUN=<id>",
      "",
    ]);
  });

  it("T40 refuses a program that is not an absolute path", async () => {
    const result = await run(["echo", "hello"]);

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
    expect(result.output).toContain("echo was not started");
  });

  it("T40 leads a process group of its own", async () => {
    const result = await shell("cut -d' ' -f1,5 /proc/$$/stat");

    const [pid, group] = result.output.trim().split(" ");
    expect(group).toBe(pid);
  });
});

describe("a process that can't start", () => {
  it("fails and names the missing program", async () => {
    const result = await run(["/usr/bin/no-such-program"]);

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
    expect(result.output).toMatch(/^\/usr\/bin\/no-such-program was not started: .*not exist/);
  });

  it("fails and names the program that may not be executed", async () => {
    const file = join(temporaryDirectory(), "script");
    writeFileSync(file, "#!/bin/sh\n", { mode: 0o600 });

    const result = await run([file]);

    expect(result.output).toBe(`${file} was not started: this user may not execute it.`);
  });

  it("fails and names the missing directory", async () => {
    const result = await run(["/bin/echo"], { directory: "/no/such/directory" });

    expect(result.output).toContain("the directory /no/such/directory does not exist");
  });

  it("fails when its arguments are longer than the kernel takes", async () => {
    const result = await run(["/bin/echo", "x".repeat(4_000_000)]);

    expect(result).toMatchObject({ outcome: "failed", exitCode: null });
    expect(result.output).toContain("too long");
  });

  it("fails without starting when it was stopped before", async () => {
    const directory = temporaryDirectory();

    const result = await run(["/usr/bin/touch", "started"], {
      directory,
      signal: AbortSignal.abort(),
    });

    expect(result.outcome).toBe("failed");
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("T42 a runaway process", () => {
  it("T42 ends soon after its deadline, and says timed out", async () => {
    const result = await run(["/bin/sleep", "infinity"], { timeoutMs: 200 });

    expect(result).toMatchObject({ outcome: "timed_out", exitCode: null });
    expect(result.durationMs).toBeLessThan(2000);
  });

  it.each<[string, (mark: string) => string]>([
    ["sleep inf", (mark) => `MARK=${mark}; export MARK; exec /bin/sleep inf`],
    ["yes", (mark) => `exec /usr/bin/yes ${mark}`],
    [
      "yes that ignores SIGTERM",
      (mark) => `trap "" TERM; /usr/bin/yes ${mark}; /usr/bin/yes ${mark}`,
    ],
    [
      "a double fork",
      (mark) => `(setsid setsid /bin/sh -c 'sleep inf; : ${mark}' >/dev/null 2>&1 &); sleep inf`,
    ],
  ])(
    "T42 is gone within 5 s of its deadline: %s",
    async (_, script) => {
      const mark = `mark-${uniqueSeconds()}`;
      const timeoutMs = 1_000;
      const begun = Date.now();

      // With the grace that every command has.
      const result = await runProcess({
        argv: ["/bin/sh", "-c", script(mark)],
        directory: "/",
        timeoutMs,
      });

      expect(result.outcome).toBe("timed_out");
      expect(Date.now() - begun).toBeLessThan(timeoutMs + 5_000);
      expect(await countMarked(mark)).toBe(0);
    },
    15_000,
  );

  it("T42 may clean up on SIGTERM within the grace", async () => {
    const result = await shell('trap "echo bye; exit 0" TERM; echo up; sleep 1000 & wait', {
      timeoutMs: 200,
      graceMs: 3000,
    });

    expect(result).toMatchObject({ outcome: "timed_out", output: "up\nbye\n" });
    expect(result.durationMs).toBeLessThan(2500);
  });

  it("T42 is killed when it ignores SIGTERM", async () => {
    const seconds = uniqueSeconds();

    const result = await shell(`trap "" TERM; sleep ${seconds}; sleep ${seconds}`, {
      timeoutMs: 200,
    });

    expect(result.outcome).toBe("timed_out");
    expect(await countWithArgument(seconds)).toBe(0);
  });

  it("T42 takes its children with it", async () => {
    const seconds = uniqueSeconds();

    const result = await shell(`sleep ${seconds} & sleep ${seconds}`, { timeoutMs: 200 });

    expect(result.outcome).toBe("timed_out");
    expect(result.durationMs).toBeLessThan(2000);
    expect(await countWithArgument(seconds)).toBe(0);
  });

  it("T42 takes a double fork in a session of its own with it", async () => {
    const seconds = uniqueSeconds();

    const result = await shell(
      `(setsid setsid sleep ${seconds} >/dev/null 2>&1 &) ; sleep ${seconds}`,
      { timeoutMs: 500 },
    );

    expect(result.outcome).toBe("timed_out");
    expect(await countWithArgument(seconds)).toBe(0);
  });

  it("T42 can't outrun the sweep by forking on and on", async () => {
    const seconds = uniqueSeconds();
    const script = `n=0; while :; do setsid sleep ${seconds} & n=$((n+1)); [ $n -gt 100 ] && wait; done`;

    const result = await shell(`setsid sh -c '${script}' & wait`, { timeoutMs: 300 });

    expect(result.outcome).toBe("timed_out");
    expect(await countWithArgument(seconds)).toBe(0);
  });

  it("T42 is cut at the cap while it floods both streams", async () => {
    const result = await shell("yes out & yes err >&2", { timeoutMs: 400 });

    expect(result).toMatchObject({ outcome: "timed_out", isTruncated: true });
    expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(64 * 1024);
  });

  it("T42 is not blocked by the cap: what is over it is read and dropped", async () => {
    const result = await shell("yes | head -c 5000000; exit 7", { maxOutputBytes: 2000 });

    expect(result).toMatchObject({ exitCode: 7, isTruncated: true });
    expect(result.output).toHaveLength(2000);
  });

  it("T42 is cut between two characters, never inside one", async () => {
    const result = await run(["/usr/bin/printf", "%s", "é".repeat(50)], { maxOutputBytes: 31 });

    expect(result).toMatchObject({ output: "é".repeat(15), isTruncated: true });
  });

  it("T42 keeps bytes that are no text within the cap as well", async () => {
    const result = await shell("head -c 500 /dev/zero | tr '\\0' '\\377'", { maxOutputBytes: 600 });

    expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(600);
    expect(result.isTruncated).toBe(true);
  });
});

describe("what a process leaves behind", () => {
  it("T42 is killed when the program has ended well, and does not delay its result", async () => {
    const seconds = uniqueSeconds();

    const result = await shell(`sleep ${seconds} & echo started`);

    expect(result).toMatchObject({ outcome: "succeeded", output: "started\n" });
    expect(result.durationMs).toBeLessThan(2000);
    expect(await countWithArgument(seconds)).toBe(0);
  });

  it("T42 is killed also as a daemon that closed its streams and left the group", async () => {
    const seconds = uniqueSeconds();

    const result = await shell(
      `(setsid sleep ${seconds} </dev/null >/dev/null 2>&1 &); sleep 0.2; echo started`,
    );

    expect(result).toMatchObject({ outcome: "succeeded", output: "started\n" });
    expect(await countWithArgument(seconds)).toBe(0);
  });

  it("leaves the processes of another run alone", async () => {
    const seconds = uniqueSeconds();
    const controller = new AbortController();
    const other = run(["/bin/sleep", seconds], { signal: controller.signal });

    await shell("sleep 1000 & echo started");

    expect(await countWithArgument(seconds)).toBe(1);
    controller.abort();
    await other;
  });
});

describe("a process that is stopped from outside", () => {
  it("ends as unknown: nobody can say how far it came", async () => {
    const seconds = uniqueSeconds();
    const controller = new AbortController();

    const running = shell(`sleep ${seconds}; echo never`, { signal: controller.signal });
    await delay(100);
    controller.abort();
    const result = await running;

    expect(result).toMatchObject({ outcome: "unknown", exitCode: null, output: "" });
    expect(await countWithArgument(seconds)).toBe(0);
  });
});

describe("T43 hostile output", () => {
  it("T43 comes out as plain text", async () => {
    const result = await run(["/usr/bin/printf", "\\033[2Jok\\033]0;owned\\007\\x00\\u202e\\r\\n"]);

    expect(result.output).toBe("ok\n");
  });
});
