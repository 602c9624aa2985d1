import { z } from "zod";

/** What `systemctl show` is asked for, and nothing else may be in its answer. */
export const PROPERTIES = [
  "Id",
  "LoadState",
  "ActiveState",
  "SubState",
  "Result",
  "NRestarts",
  "MainPID",
] as const;

const Word = z.string().regex(/^[a-z][a-z-]{0,39}$/);
const Count = z.string().regex(/^\d{1,10}$/);

const Shown = z.strictObject({
  Id: z.string().regex(/^[!-~]{1,255}$/),
  LoadState: Word,
  ActiveState: Word,
  SubState: Word,
  Result: Word,
  // Only services have these two.
  NRestarts: Count.optional(),
  MainPID: Count.optional(),
});

/** A unit as systemd itself has it, under its own name. */
export type Unit = z.infer<typeof Shown>;

/** Null for whatever is not exactly one unit's properties, each of them once. */
export function parseUnit(text: string): Unit | null {
  const pairs = text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => /^(?<name>[A-Za-z]{1,40})=(?<value>.{1,255})$/.exec(line)?.groups);
  const names = new Set(pairs.map((pair) => pair?.name));
  if (pairs.includes(undefined) || names.size !== pairs.length) return null;
  const parsed = Shown.safeParse(
    Object.fromEntries(pairs.map((pair) => [pair?.name, pair?.value])),
  );
  return parsed.success ? parsed.data : null;
}

export function parseVersion(text: string): string | null {
  return /^Version=(?<version>[\w.~+:()-]{1,80})\n?$/.exec(text)?.groups?.version ?? null;
}

export function factsOf(unit: Unit): Record<string, string> {
  return {
    active_state: unit.ActiveState,
    sub_state: unit.SubState,
    load_state: unit.LoadState,
    result: unit.Result,
    ...(unit.NRestarts === undefined ? {} : { n_restarts: unit.NRestarts }),
    ...(unit.MainPID === undefined ? {} : { main_pid: unit.MainPID }),
  };
}

/** Why nothing can be said or done about a unit by this name, with the way out; null where there is no reason. */
export function refusalOf(unit: Unit, asked: string): string | null {
  if (unit.Id !== asked) return `${asked} is another name of ${unit.Id}: name that one`;
  switch (unit.LoadState) {
    case "loaded":
      return null;
    case "not-found":
      return `There is no unit ${asked} here; \`systemctl list-unit-files\` has the names`;
    case "masked":
      return `${asked} is masked; \`systemctl unmask ${asked}\` makes it a unit again`;
    default:
      return `${asked} is not loaded (${unit.LoadState}); \`systemctl status ${asked}\` says why`;
  }
}
