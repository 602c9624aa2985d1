import { nameOf, placeOf } from "./incident/alert.ts";
import type { Acceptance, AlertGroup } from "./incident/alert-group.ts";
import { diskTrouble } from "./store/disk.ts";

/** Lines in a minute, so that a storm does not silence the chat itself. */
const LINES_A_MINUTE = 10;
const MINUTE_MS = 60_000;
const LONGEST_LINE = 300;

interface Deps {
  readonly accept: (groups: readonly AlertGroup[]) => Promise<Acceptance[]>;
  /** Tells every chat; it must not need the disk. */
  readonly announce: (text: string) => void;
  readonly now: () => Date;
  readonly log: { error(fields: object, message: string): void };
}

/**
 * While the disk takes nothing, alerts are still told, a line each and without any button: nothing can be approved or
 * run, because nothing could be recorded. The sender is still told that they were not stored, and sends them again (T69).
 */
export function createReadOnlyMode({ accept, announce, now, log }: Deps) {
  let trouble: string | null = null;
  const told = new Set<string>();
  let minute = 0;
  let lines = 0;

  async function acceptOrTell(groups: readonly AlertGroup[]): Promise<Acceptance[]> {
    try {
      const accepted = await accept(groups);
      if (trouble !== null) leave();
      return accepted;
    } catch (error) {
      const found = diskTrouble(error);
      if (found !== null) tell(found, groups);
      throw error;
    }
  }

  function tell(found: string, groups: readonly AlertGroup[]): void {
    if (trouble === null) {
      log.error({ trouble: found }, `read-only mode: ${found}`);
      announce(
        `💾 Read-only mode: ${found}. Nothing can be stored, approved or run until that is mended. New alerts are told here, a line each.`,
      );
    }
    trouble = found;
    const firing = groups.flatMap(({ alerts }) =>
      alerts.filter(({ status }) => status === "firing"),
    );
    for (const { fingerprint, labels, annotations } of firing) {
      if (told.has(fingerprint) || !mayTell()) continue;
      told.add(fingerprint);
      const words = [nameOf(labels), placeOf(labels), annotations.summary].filter(Boolean);
      announce(`🔔 ${words.join(" · ").slice(0, LONGEST_LINE)}`);
    }
  }

  /** One that is not told now is told when it is sent again. */
  function mayTell(): boolean {
    const current = Math.floor(now().getTime() / MINUTE_MS);
    if (current !== minute) lines = 0;
    minute = current;
    lines += 1;
    return lines <= LINES_A_MINUTE;
  }

  function leave(): void {
    trouble = null;
    told.clear();
    announce(
      "💾 The disk takes writes again: read-only mode is over, and alerts have cards again.",
    );
  }

  return { accept: acceptOrTell };
}
