import { diskTrouble } from "./store/disk.ts";

/** A part that has to keep moving. */
export interface Pulse {
  readonly name: string;
  /** A number that grows whenever the part does something, be it in vain. */
  readonly beats: () => number;
  /** Without a beat for so long it is stuck, and only a new start helps. */
  readonly withinMs: number;
}

/**
 * Whether the program itself is alive: not whether it is well. What it can't reach, or a disk that is full, is no better
 * after a new start; a part that moves no more is.
 */
export function createVitalSigns({
  pulses,
  write,
  elapsedMs,
}: {
  readonly pulses: readonly Pulse[];
  /** One durable write. */
  readonly write: () => Promise<void>;
  readonly elapsedMs: () => number;
}) {
  const seen = new Map<string, { beats: number; at: number }>();

  function isStuck({ name, beats: count, withinMs }: Pulse): boolean {
    const [beats, at] = [count(), elapsedMs()];
    const last = seen.get(name);
    if (last === undefined || last.beats !== beats) {
      seen.set(name, { beats, at });
      return false;
    }
    return at - last.at > withinMs;
  }

  /** What is dead, in words; null where everything moves. */
  return async function look(): Promise<string | null> {
    const stuck = pulses.filter(isStuck).map(({ name }) => `${name} does not move`);
    try {
      await write();
    } catch (error) {
      if (diskTrouble(error) === null) stuck.push("the database takes no write");
    }
    return stuck.length === 0 ? null : stuck.join(", ");
  };
}
