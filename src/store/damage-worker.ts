import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import { quickCheck } from "./open.ts";

/** The thread that reads a whole file beside the program that works on it. */
parentPort?.postMessage(verdictOn(new Database(String(workerData), { readonly: true })));

function verdictOn(sqlite: Database.Database): string | null {
  try {
    return quickCheck(sqlite);
  } catch (error) {
    // Some damage can't even be listed.
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_CORRUPT")) {
      return error.message;
    }
    throw error;
  } finally {
    sqlite.close();
  }
}
