import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

it.each([
  ["an installation", "install.sh", /^ *for name in (?<names>.*); do$/m],
  ["a release", "scripts/release.sh", /^for file in (?<names>.*); do$/m],
  ["an image", "Dockerfile", null],
])("%s has every folder that the program reads from beside its code", (_, file, list) => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join("src", name), "utf8"));
  const read = sources.flatMap((source) =>
    [...source.matchAll(/new URL\("(?:\.\.\/)+(?<name>[\w.-]+)/g)].map(
      ({ groups }) => groups?.name,
    ),
  );
  const text = readFileSync(file, "utf8");
  const shipped =
    list === null
      ? [...text.matchAll(/^COPY (?<name>[\w.-]+) /gm)].map(({ groups }) => groups?.name)
      : (list.exec(text)?.groups?.names ?? "").split(" ");

  expect(read).toContain("fonts");
  expect(shipped).toEqual(expect.arrayContaining(read));
});
