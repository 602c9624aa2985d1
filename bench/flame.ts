import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A place in the tree of calls, with the microseconds spent in it and below it. */
export interface Frame {
  readonly name: string;
  readonly self: number;
  readonly total: number;
  readonly children: readonly Frame[];
}

const WIDTH = 1_600;
const ROW = 17;
const PIXELS_A_LETTER = 6.2;
/** What is thinner than half a pixel can't be seen. */
const THINNEST = 0.5;

/** The calls of a `.cpuprofile`; while the program waited for something to do, nothing is counted. */
export function framesOf(text: string): Frame {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as CpuProfile;
  const selfOf = new Map<number, number>();
  for (const [i, id] of samples.entries()) {
    selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[i] ?? 0));
  }
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const frameOf = (id: number): Frame => {
    const { callFrame, children: ids = [] } = nodeOf.get(id) as CpuProfile["nodes"][number];
    const children = ids.map(frameOf).filter(({ name }) => name !== "(idle)");
    const self = selfOf.get(id) ?? 0;
    const total = children.reduce((sum, child) => sum + child.total, self);
    return { name: nameOf(callFrame), self, total, children };
  };
  return { ...frameOf(nodes[0]?.id ?? 0), name: "everything" };
}

/** The one profile that a program left in this folder when it ended. */
export function readProfile(folder: string): string {
  const name = readdirSync(folder).find((each) => each.endsWith(".cpuprofile"));
  if (name === undefined) throw new Error(`the program left no profile in ${folder}`);
  return readFileSync(join(folder, name), "utf8");
}

function nameOf({
  functionName,
  url,
  lineNumber,
}: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName || "(anonymous)";
  const file = url.replace(/^.*\/node_modules\//, "").replace(/^file:\/\/.*?\/(?=dist\/)/, "");
  return file === "" ? name : `${name} ${file}:${lineNumber + 1}`;
}

/** The functions that took the most by themselves, with their share. */
export function topOf(root: Frame, count: number): { name: string; share: number }[] {
  const selfOf = new Map<string, number>();
  const walk = ({ name, self, children }: Frame) => {
    selfOf.set(name, (selfOf.get(name) ?? 0) + self);
    children.forEach(walk);
  };
  walk(root);
  return [...selfOf]
    .map(([name, self]) => ({ name, share: self / root.total }))
    .sort((a, b) => b.share - a.share)
    .slice(0, count);
}

/** Callers above what they call, as wide as the time it took. Any browser shows it; the pointer on a bar names it. */
export function flameGraph(root: Frame): string {
  const bars: string[] = [];
  const draw = (frame: Frame, x: number, depth: number): number => {
    const width = (WIDTH * frame.total) / root.total;
    if (width < THINNEST) return depth;
    bars.push(bar(frame, { x, y: depth * ROW, width, share: frame.total / root.total }));
    let from = x;
    let deepest = depth;
    for (const child of [...frame.children].sort((a, b) => b.total - a.total)) {
      deepest = Math.max(deepest, draw(child, from, depth + 1));
      from += (WIDTH * child.total) / root.total;
    }
    return deepest;
  };
  const height = (draw(root, 0, 0) + 1) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="monospace" font-size="10">
${bars.join("\n")}
</svg>
`;
}

function bar(
  { name }: Frame,
  { x, y, width, share }: { x: number; y: number; width: number; share: number },
): string {
  const hue = name.includes(" dist/") ? 45 : name.includes(" ") ? 200 : 0;
  const letters = Math.floor(width / PIXELS_A_LETTER);
  const label =
    letters < 4
      ? ""
      : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(name.slice(0, letters))}</text>`;
  return `<g><title>${escaped(name)} ${(100 * share).toFixed(1)} %</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="hsl(${hue} 70% 75%)"/>${label}</g>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
