import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Before all tests: the scenarios run the built program, so it has to be as new as its source. */
export function setup(): void {
  if (existsSync("dist/main.js") && newestIn("src") < statSync("dist/main.js").mtimeMs) return;
  const built = spawnSync("npm", ["run", "--silent", "build"], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
}

function newestIn(folder: string): number {
  const times = readdirSync(folder, { recursive: true, encoding: "utf8" }).map(
    (name) => statSync(join(folder, name)).mtimeMs,
  );
  return Math.max(...times);
}
