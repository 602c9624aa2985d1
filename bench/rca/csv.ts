import { readFileSync } from "node:fs";

/** A table of numbers: a cell that is empty or no number is NaN. */
export interface Table {
  readonly columns: readonly string[];
  /** By column. */
  readonly values: readonly Float64Array[];
  readonly rows: number;
}

export function readRows(path: string): string[][] {
  return readFileSync(path, "utf8")
    .split(/\r?\n/)
    .filter((line) => line !== "")
    .map((line) => line.split(","));
}

export function tableOf(columns: readonly string[], rows: readonly (readonly string[])[]): Table {
  const values = columns.map((_, column) => Float64Array.from(rows, (row) => number(row[column])));
  return { columns, values, rows: rows.length };
}

export function readTable(path: string): Table {
  const [columns = [], ...rows] = readRows(path);
  return tableOf(columns, rows);
}

export function number(cell: string | undefined): number {
  return cell === undefined || cell === "" ? Number.NaN : Number(cell);
}
