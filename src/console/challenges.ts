import { randomBytes } from "node:crypto";

const LIFE_MS = 2 * 60_000;

/** Random texts for a device to sign. Each counts once, soon, and for nothing but what it was given out for. */
export interface Challenges {
  give(purpose: string): string;
  /** Whatever comes of it, the challenge is used up. */
  take(challenge: string, purpose: string): boolean;
}

/** In memory: a restart forgets them, and people press again. */
export function createChallenges({ most, now }: { most: number; now: () => Date }): Challenges {
  const given = new Map<string, { purpose: string; until: number }>();

  function give(purpose: string): string {
    const challenge = randomBytes(32).toString("base64url");
    given.set(challenge, { purpose, until: now().getTime() + LIFE_MS });
    const oldest = given.keys().next();
    if (given.size > most && !oldest.done) given.delete(oldest.value);
    return challenge;
  }

  function take(challenge: string, purpose: string): boolean {
    const found = given.get(challenge);
    given.delete(challenge);
    return found !== undefined && found.purpose === purpose && now().getTime() < found.until;
  }

  return { give, take };
}
