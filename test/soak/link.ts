import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** What can become of a connection: refused, never answered, answered late, cut in the middle, answered by something else. */
export const FAULTS = ["down", "silent", "slow", "cut", "garbage"] as const;
export type Fault = (typeof FAULTS)[number];

const SLOW_MS = 3_000;

/** A wire to a server of this machine that can be made bad; what was connected before is then cut. */
export async function startLink(to: string) {
  const { hostname, port } = new URL(to);
  const open = new Set<Socket>();
  let fault: Fault | null = null;

  const server = createServer((near) => {
    open.add(near);
    near.once("close", () => open.delete(near));
    near.on("error", () => near.destroy());
    if (fault === "down") return void near.resetAndDestroy();
    if (fault === "silent") return void near.resume();
    if (fault === "garbage") return void near.end("\x16\x03\x01 this is no HTTP\r\n\r\n");
    const far = connect(Number(port), hostname);
    far.on("error", () => near.destroy());
    near.once("close", () => far.destroy());
    near.pipe(far);
    carry(far, near, fault);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Null mends it. */
    break(next: Fault | null): void {
      fault = next;
      for (const socket of open) socket.destroy();
    },
    async stop(): Promise<void> {
      const closed = new Promise((done) => server.close(done));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function carry(far: Socket, near: Socket, fault: "slow" | "cut" | null): void {
  if (fault === null) return void far.pipe(near);
  far.once("data", (first: Buffer) => {
    if (fault === "cut") return void near.end(first.subarray(0, first.length >>> 1));
    far.pause();
    setTimeout(() => {
      near.write(first);
      far.pipe(near);
    }, SLOW_MS);
  });
}

export type Link = Awaited<ReturnType<typeof startLink>>;
