import { answersOk, createDirectory, findFreePort, startPeer } from "./peer-process.ts";

export interface NodeExporter {
  /** host:port */
  readonly address: string;
  stop(): Promise<void>;
}

/** A real node_exporter that tells of one thing alone; of file systems, memory disks included, wherever they are mounted. */
export async function startNodeExporter(
  collector: "filesystem" | "cpu" = "filesystem",
): Promise<NodeExporter> {
  const directory = await createDirectory("node-exporter");
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  const peer = await startPeer({
    directory,
    argv: [
      "/usr/bin/prometheus-node-exporter",
      `--web.listen-address=${address}`,
      "--collector.disable-defaults",
      `--collector.${collector}`,
      "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys)($|/)",
    ],
    isReady: () => answersOk(`http://${address}/metrics`),
  });
  return { address, ...peer };
}
