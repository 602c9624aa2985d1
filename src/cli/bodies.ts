import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AlertGroup } from "../incident/alert-group.ts";
import { parseWebhook } from "../ingest/payload.ts";
import { CommandFailed } from "./command.ts";

/**
 * Bodies as Alertmanager has posted them, one a file, each received when the newest thing it tells of happened.
 * @throws CommandFailed with every file that is none
 */
export function readBodies(folder: string): AlertGroup[] {
  const names = namesIn(folder);
  if (names.length === 0) throw new CommandFailed(`${folder} holds no file that ends in .json`);
  const problems: string[] = [];
  const groups = names.flatMap((name) => {
    const parsed = parse(join(folder, name));
    if (typeof parsed !== "string") return [parsed];
    problems.push(`${join(folder, name)}: ${parsed}`);
    return [];
  });
  if (problems.length > 0) throw new CommandFailed(problems.join("\n"));
  return groups;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch (error) {
    throw new CommandFailed(`${folder} can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The group, or what is wrong with the file. */
function parse(path: string): AlertGroup | string {
  const now = new Date();
  let body: unknown;
  try {
    body = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return (error as Error).message;
  }
  const parsed = parseWebhook(body, { source: "alertmanager", trust: "key", receivedAt: now });
  if (!parsed.ok) {
    return parsed.problems.map(({ path: at, message }) => `${at || "body"}: ${message}`).join("; ");
  }
  const times = parsed.group.alerts.flatMap(({ status, startsAt, endsAt }) => {
    const at = status === "resolved" ? (endsAt ?? startsAt) : startsAt;
    return at === null ? [] : [at.getTime()];
  });
  return { ...parsed.group, receivedAt: times.length === 0 ? now : new Date(Math.max(...times)) };
}
