import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createProgram, testAlert } from "../harness.ts";
import { isRoot } from "../peers.ts";

const CHAT = -100;

it.skipIf(!isRoot())(
  "T69 P12 on a full disk alerts are told in the chat, nothing runs, and with room there is a card again (a tmpfs, which takes root)",
  async () => {
    const program = await createProgram({ telegram: { chat: CHAT, adminIds: "7" } });
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", program.dataDir]);
    onTestFinished(() => {
      execFileSync("/bin/umount", ["-l", program.dataDir]);
    });
    await program.start();
    const before = await program.raise(testAlert("critical", { n: "0" }));
    const filler = join(program.dataDir, "filler");
    fill(filler);

    const pad = "x".repeat(40_000);
    const refused = await program.fire(testAlert("critical", { n: "1", pad }));
    expect(refused.status).toBe(503);
    const texts = () =>
      program
        .telegram()
        .messages(CHAT)
        .map(({ text }) => text);
    const said = (words: RegExp) =>
      program.telegram().waitFor(() => texts().find((text) => words.test(text)));
    await said(/Read-only mode: the disk is full\. Nothing can be stored, approved or run/);
    await said(/^🔔 TestAlert · test-instance · TestAlert of a test$/);
    expect((await program.health()).checks.database?.detail).toMatch(/read-only mode/);

    expect((await program.fire(testAlert("critical", { n: "1", pad }))).status).toBe(503);
    expect(texts().filter((text) => text.startsWith("🔔"))).toHaveLength(1);
    expect(program.runs()).toEqual([]);

    rmSync(filler);
    const after = await program.raise(testAlert("critical", { n: "1", pad }));
    await said(/read-only mode is over/);
    expect(after).not.toBe(before);
    expect((await program.audit()).ok).toBe(true);
  },
);

/** Takes all the room that is left. */
function fill(file: string): void {
  try {
    execFileSync("/bin/dd", ["if=/dev/zero", `of=${file}`, "bs=1024", "status=none"], {
      stdio: "ignore",
    });
  } catch {
    // That is how it ends: no space left on device.
  }
}
