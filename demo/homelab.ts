import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const SERVICE = fileURLToPath(new URL("service.mjs", import.meta.url));

/** A few real processes with a supervisor that starts them again when it is asked to: a homelab in one process tree. */
export async function startHomelab(names: readonly string[]) {
  const services = new Map<string, { port: number; child: ChildProcess | null }>();
  for (const name of names) services.set(name, { port: await freePort(), child: null });

  async function start(name: string): Promise<void> {
    const service = services.get(name);
    if (service === undefined) throw new Error(`the homelab has no ${name}`);
    service.child?.kill("SIGKILL");
    service.child = spawn(process.execPath, [SERVICE, name, String(service.port)], {
      stdio: "inherit",
    });
    for (let tries = 0; tries < 100 && !(await isUp(name)); tries += 1) await pause(50);
  }

  /** What Prometheus would ask: does it answer at /metrics? */
  async function isUp(name: string): Promise<boolean> {
    const port = services.get(name)?.port;
    return await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(1_000) })
      .then((answer) => answer.ok)
      .catch(() => false);
  }

  const supervisor = createServer(async (request, response) => {
    const name = /^\/restart\/(?<name>[a-z]+)$/.exec(request.url ?? "")?.groups?.name ?? "";
    const isOurs = request.method === "POST" && services.has(name);
    if (isOurs) await start(name);
    response.statusCode = isOurs ? 200 : 404;
    response.end(isOurs ? `${name} was started again\n` : "no such service\n");
  });
  supervisor.listen(0, "127.0.0.1");
  await once(supervisor, "listening");
  for (const name of names) await start(name);

  return {
    supervisor: `http://127.0.0.1:${portOf(supervisor)}`,
    isUp,
    /** As a crash would end it. */
    break: (name: string) => services.get(name)?.child?.kill("SIGKILL"),
    stop(): void {
      supervisor.closeAllConnections();
      supervisor.close();
      for (const { child } of services.values()) child?.kill("SIGKILL");
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
