import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { havePeer } from "../test/peers.ts";
import { startProgram } from "./contenders.ts";
import { flameGraph, framesOf, readProfile, topOf } from "./flame.ts";
import { COUNTERSIGN, load, WRK_MISSING } from "./intake.ts";
import { createFolder } from "./processes.ts";
import { tapThrough } from "./tap.ts";

const INTERVAL_US = 250;
const TOP = 20;

/** Each does what the benchmark of its name does, with the program under the profiler. */
const LOADS: Readonly<Record<string, (nodeFlags: readonly string[]) => Promise<unknown>>> = {
  async intake(nodeFlags) {
    const program = await startProgram(createFolder(), { nodeFlags });
    await load(program, COUNTERSIGN, { connections: 64, seconds: 5, from: 0 });
    await program.stop();
  },
  tap: (nodeFlags) => tapThrough(10, { marks: createFolder(), nodeFlags }),
  async start(nodeFlags) {
    await (await startProgram(createFolder(), { nodeFlags })).stop();
  },
};

export const PROFILES = Object.keys(LOADS);

/** Where the processor's time goes: a graph for the eye, the profile for other tools, and a table. */
export async function profile(name: string, into: string): Promise<string> {
  if (name === "intake" && !havePeer("wrk")) return `${name}: ${WRK_MISSING}`;
  const folder = createFolder();
  const interval = `--cpu-prof-interval=${INTERVAL_US}`;
  await LOADS[name]?.(["--cpu-prof", `--cpu-prof-dir=${folder}`, interval]);
  const text = readProfile(folder);
  const root = framesOf(text);
  mkdirSync(into, { recursive: true });
  const graph = join(into, `${name}.svg`);
  writeFileSync(graph, flameGraph(root));
  writeFileSync(join(into, `${name}.cpuprofile`), text);
  const top = topOf(root, TOP).map(
    ({ name: what, share }) => `${(100 * share).toFixed(1).padStart(6)} %  ${what}`,
  );
  return [
    `${name}: ${Math.round(root.total / 1000)} ms of processor time, by the function itself; all of it in ${graph}`,
    ...top,
  ].join("\n");
}
