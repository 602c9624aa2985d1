import { answersOk, createDirectory, findFreePort, startPeer } from "./peer-process.ts";

/** A real Pushgateway that keeps what it is given in memory. */
export async function startPushgateway(port?: number) {
  const directory = await createDirectory("pushgateway");
  const own = port ?? (await findFreePort());
  const url = `http://127.0.0.1:${own}`;
  const peer = await startPeer({
    directory,
    argv: ["/usr/bin/prometheus-pushgateway", `--web.listen-address=127.0.0.1:${own}`],
    isReady: () => answersOk(`${url}/-/ready`),
  });
  const metrics = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return text.split("\n").filter((line) => line.startsWith("countersign_"));
  };
  return { url, port: own, metrics, stop: peer.stop };
}
