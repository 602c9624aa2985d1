import type { Config } from "../config.ts";
import { CommandFailed } from "./command.ts";
import { localUrl } from "./local-url.ts";

const TIMEOUT_MS = 10_000;

/**
 * One question to the program that runs beside this command.
 * @throws CommandFailed where nothing answers
 */
export async function askRunning(
  config: Config,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const url = localUrl(config) + path;
  try {
    return await fetch(url, {
      ...init,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new CommandFailed(
      (error as Error).name === "TimeoutError"
        ? `Countersign does not answer at ${url} within ${TIMEOUT_MS / 1000} s: look at its log`
        : `Nothing listens at ${url}: start Countersign (npm start), or run this in the folder whose .env it was started with`,
      { cause: error },
    );
  }
}
