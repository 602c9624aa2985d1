import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Locked {
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Record<
  "dependencies" | "devDependencies",
  Record<string, string>
>;
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  packages: Record<string, Locked>;
};

it("T79 pins every dependency to one version, and every package that is shipped to what is in it", () => {
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  const loose = versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  const unproven = Object.entries(packages)
    .filter(([path, { dev, integrity }]) => path !== "" && !dev && !integrity?.startsWith("sha"))
    .map(([path]) => path);

  expect(loose).toEqual([]);
  expect(unproven).toEqual([]);
});

it("T79 runs code of no package while it is installed, but for the one that is compiled", () => {
  const scripted = Object.entries(packages)
    .filter(([path, { hasInstallScript, dev }]) => path !== "" && hasInstallScript && !dev)
    .map(([path]) => path);
  const installs =
    readFileSync("install.sh", "utf8").match(/^ *npm (?:ci|prune|install).*$/gm) ?? [];

  expect(scripted).toEqual(["node_modules/better-sqlite3"]);
  expect(installs.length).toBeGreaterThan(0);
  for (const line of installs) expect(line).toContain("--ignore-scripts");
});
