import { CHANGES } from "./changes.ts";
import { CONTAINERS } from "./containers.ts";
import { FILES } from "./files.ts";
import { NETWORK } from "./network.ts";
import type { Program, Table } from "./program.ts";
import { SERVICES } from "./services.ts";
import { SYSTEM } from "./system.ts";

const TABLES: readonly Table[] = [FILES, SYSTEM, NETWORK, SERVICES, CONTAINERS, CHANGES];

/** Every program that is known, by each of its names. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map(
  TABLES.flatMap((table) =>
    Object.entries(table).flatMap(([names, program]) =>
      names.split(" ").map((name): [string, Program] => [name, program]),
    ),
  ),
);
