import { describe, expect, it } from "vitest";
import { isKind } from "./kinds.ts";
import type { Use } from "./program.ts";
import { PROGRAMS } from "./programs.ts";

const USES = [...PROGRAMS].flatMap(([name, program]) => usesOf(name, program));

function usesOf(name: string, use: Use): [string, Use][] {
  const inner = Object.entries(use.subcommands ?? {});
  return [[name, use], ...inner.flatMap(([sub, its]) => usesOf(`${name} ${sub}`, its))];
}

describe("the table", () => {
  it("knows every kind of value it speaks of", () => {
    const kinds = USES.flatMap(([name, { flags = "", endless = "", operands = "" }]) =>
      [
        ...`${flags} ${endless}`.split(/\s+/).flatMap((flag) => /:(\w+)\]?$/.exec(flag)?.[1] ?? []),
        ...operands.split(" ").filter((kind) => kind !== ""),
      ].map((kind) => [name, kind.replace("*", "")] as const),
    );

    expect(kinds.length).toBeGreaterThan(500);
    expect(kinds.filter(([, kind]) => !isKind(kind))).toEqual([]);
  });

  it("names a manual for every program, and each program once", () => {
    const sources = [...PROGRAMS.values()].map(({ source }) => source);

    expect(sources.filter((source) => source.length < 5)).toEqual([]);
  });

  it("asks for no flag that it does not know", () => {
    const unknown = USES.flatMap(([name, use]) => {
      const known = `${use.flags ?? ""} ${use.endless ?? ""}`
        .split(/\s+/)
        .map((flag) => flag.replace(/\[?:\w+\]?$/, ""));
      return `${use.needs ?? ""} ${use.instead ?? ""} ${use.recursive ?? ""}`
        .split(" ")
        .filter((flag) => flag.startsWith("-") && !known.includes(flag))
        .map((flag) => `${name} ${flag}`);
    });

    expect(unknown).toEqual([]);
  });

  it("says what everything above low does", () => {
    const silent = USES.filter(([, use]) => use.verdict !== undefined && use.does === undefined);

    expect(silent.map(([name]) => name)).toEqual([]);
  });
});
