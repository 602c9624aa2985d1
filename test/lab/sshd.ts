import { execFile } from "node:child_process";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { createDirectory, findFreePort, startPeer } from "./peer-process.ts";

/** A real sshd, and what a client needs to reach it as root under the name `web-01`. */
export interface Sshd {
  readonly port: number;
  /** For SSH_CONFIG. */
  readonly config: string;
  /** For SSH_KNOWN_HOSTS. */
  readonly knownHosts: string;
  readonly folder: string;
  /** Lets the key in from now on; with options as in authorized_keys, such as `restrict,command="…"`. */
  authorize(options?: string): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

export async function startSshd(): Promise<Sshd> {
  const folder = await createDirectory("sshd");
  const port = await findFreePort();
  const path = (name: string) => join(folder, name);
  for (const name of ["host_key", "client_key"]) {
    await run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path(name)]);
  }
  // Where it separates its privileges, as its unit would have made it.
  await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  await writeFile(
    path("sshd_config"),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${path("host_key")}
AuthorizedKeysFile ${path("authorized_keys")}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
AllowAgentForwarding yes
AllowTcpForwarding yes
X11Forwarding yes
`,
  );
  await writeFile(
    path("ssh_config"),
    `Host web-01
  HostName 127.0.0.1
  Port ${port}
  User root
  IdentityFile ${path("client_key")}
  IdentitiesOnly yes
`,
  );
  const hostKey = await readFile(path("host_key.pub"), "utf8");
  await appendFile(path("known_hosts"), `[127.0.0.1]:${port} ${hostKey}`);

  const peer = await startPeer({
    directory: folder,
    argv: ["/usr/sbin/sshd", "-D", "-e", "-f", path("sshd_config")],
    isReady: () => answers(port),
  });
  const sshd: Sshd = {
    port,
    folder,
    config: path("ssh_config"),
    knownHosts: path("known_hosts"),
    async authorize(options = "") {
      const key = await readFile(path("client_key.pub"), "utf8");
      await writeFile(path("authorized_keys"), `${options} ${key}`.trimStart());
    },
    stop: peer.stop,
  };
  await sshd.authorize();
  return sshd;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("data", () => socket.destroy());
    socket.once("data", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
}
