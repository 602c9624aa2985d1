import type { Point } from "./measurement.ts";

/** No more than `most` points, of each stretch the lowest and the highest: a spike of one point stays. */
export function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const size = Math.ceil(points.length / Math.floor(most / 2));
  const starts = Array.from({ length: Math.ceil(points.length / size) }, (_, i) => i * size);
  return starts.flatMap((start) => extremesOf(points.slice(start, start + size)));
}

function extremesOf(points: readonly Point[]): Point[] {
  const low = points.reduce((a, b) => (b[1] < a[1] ? b : a));
  const high = points.reduce((a, b) => (b[1] > a[1] ? b : a));
  if (low === high) return [low];
  return low[0] < high[0] ? [low, high] : [high, low];
}

/** The stretches without a gap: a line must not bridge a time nobody knows about. */
export function stretchesOf(points: readonly Point[], longestMs: number): Point[][] {
  const stretches: Point[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point[0] - before > longestMs) stretches.push([]);
    stretches.at(-1)?.push(point);
    before = point[0];
  }
  return stretches;
}
