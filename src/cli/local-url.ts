import type { Config } from "../config.ts";

/** Where the program is reached from its own machine, whatever it listens on. */
export function localUrl({ host, port }: Config): string {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
