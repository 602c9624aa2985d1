import { accessSync, constants } from "node:fs";
import { getuid } from "node:process";

/** The real programs that tests run against, where they are installed. */
export type Peer =
  | "prometheus"
  | "alertmanager"
  | "wrk"
  | "pushgateway"
  | "podman"
  | "chromium"
  | "node_exporter"
  | "debootstrap"
  | "sshd"
  | "kubectl"
  | "ansible"
  | "nginx"
  | "caddy";

interface Installation {
  /** All of them have to be there. */
  readonly programs: readonly string[];
  readonly packages: readonly string[];
  readonly needsRoot?: boolean;
}

const INSTALLATIONS: Readonly<Record<Peer, Installation>> = {
  prometheus: { programs: ["/usr/bin/prometheus"], packages: ["prometheus"] },
  alertmanager: {
    programs: ["/usr/bin/prometheus-alertmanager"],
    packages: ["prometheus-alertmanager"],
  },
  wrk: { programs: ["/usr/bin/wrk"], packages: ["wrk"] },
  pushgateway: {
    programs: ["/usr/bin/prometheus-pushgateway"],
    packages: ["prometheus-pushgateway"],
  },
  podman: {
    programs: ["/usr/bin/podman", "/usr/sbin/runc", "/bin/busybox"],
    packages: ["podman", "runc", "busybox-static"],
    needsRoot: true,
  },
  chromium: { programs: ["/usr/bin/chromium"], packages: ["chromium"] },
  node_exporter: {
    programs: ["/usr/bin/prometheus-node-exporter"],
    packages: ["prometheus-node-exporter"],
  },
  debootstrap: {
    programs: ["/usr/sbin/debootstrap"],
    packages: ["debootstrap"],
    needsRoot: true,
  },
  kubectl: { programs: ["/usr/bin/kubectl"], packages: ["kubernetes-client"] },
  nginx: { programs: ["/usr/sbin/nginx"], packages: ["nginx-light"], needsRoot: true },
  caddy: { programs: ["/usr/bin/caddy"], packages: ["caddy"] },
  ansible: { programs: ["/usr/bin/ansible-playbook"], packages: ["ansible-core"] },
  sshd: {
    programs: ["/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"],
    packages: ["openssh-server", "openssh-client"],
    needsRoot: true,
  },
};

export const PEERS = Object.keys(INSTALLATIONS) as Peer[];

/** Whether tests against this peer can run here: `describe.skipIf(!havePeer("podman"))`. */
export function havePeer(peer: Peer): boolean {
  return isInstalled(peer) && !(INSTALLATIONS[peer].needsRoot && !isRoot());
}

export function isInstalled(peer: Peer): boolean {
  return INSTALLATIONS[peer].programs.every(isExecutable);
}

export function packagesOf(peers: readonly Peer[]): string[] {
  return peers.flatMap((peer) => INSTALLATIONS[peer].packages);
}

export function isRoot(): boolean {
  return getuid?.() === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
