import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ANALYZE = "/usr/bin/systemd-analyze";
/** Ten times the most exposure that is allowed. */
const THRESHOLD = 15;

describe.each(["countersign", "countersign-executor"])("the unit %s", (name) => {
  const unit = `systemd/${name}.service`;

  it.skipIf(!existsSync(ANALYZE))("is exposed by 1.5 at most, as systemd rates it", () => {
    const told = execFileSync(
      ANALYZE,
      ["security", "--offline=true", `--threshold=${THRESHOLD}`, unit],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    );

    expect(told).toMatch(/Overall exposure level.*1\.[0-5] OK/);
  });

  it("T77 names no secret, and gets them as files", () => {
    const text = readFileSync(unit, "utf8");

    expect(text).toMatch(/^LoadCredential=countersign:\/etc\/countersign\//m);
    expect(text.match(/^Environment=.*$/gm) ?? []).not.toContainEqual(
      expect.stringMatching(/TOKEN|KEY|SECRET|PASSWORD/),
    );
  });
});

it("T79 gives the executor none of the secrets of the other", () => {
  const folderOf = (name: string) =>
    /LoadCredential=countersign:(?<folder>\S+)/.exec(
      readFileSync(`systemd/${name}.service`, "utf8"),
    )?.groups?.folder;

  expect(folderOf("countersign-executor")).not.toBe(folderOf("countersign"));
});
