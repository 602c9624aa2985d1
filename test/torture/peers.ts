import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The part of Alertmanager that is asked what fires: here exactly what the torture says does. */
export async function startSource(firing: () => readonly Readonly<Record<string, string>>[]) {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    const body =
      path === "/api/v2/alerts"
        ? firing().map((labels) => ({ labels }))
        : path === "/api/v2/status"
          ? { versionInfo: { version: "0.28.0" } }
          : null;
    response.writeHead(body === null ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop(): Promise<void> {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
