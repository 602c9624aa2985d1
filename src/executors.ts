import type { Config } from "./config.ts";
import { createAnsibleExecutor } from "./execution/ansible.ts";
import { createProcessExecutor } from "./execution/busy-process.ts";
import { createCommandExecutor } from "./execution/command.ts";
import { createDockerExecutor } from "./execution/docker.ts";
import type { Executor } from "./execution/execution.ts";
import { createHttpExecutor } from "./execution/http.ts";
import { createKubernetesExecutor } from "./execution/kubernetes.ts";
import { createProxmoxExecutor } from "./execution/proxmox.ts";
import { createSshExecutor } from "./execution/ssh.ts";
import { createSsh } from "./execution/ssh-transport.ts";
import { createSystemdExecutor } from "./execution/systemd.ts";
import type { Catalogue } from "./remediation/catalogue.ts";
import { createCatalogue } from "./remediation/catalogue.ts";

/** Every way to act on targets that this build has; adding one is a line here. */
export function createExecutors(config: Config): ReadonlyMap<string, Executor> {
  const ssh = createSsh(config.ssh);
  const all = [
    createCommandExecutor(),
    createDockerExecutor({ host: config.dockerHost, certPath: config.dockerCertPath }),
    createSystemdExecutor(ssh),
    createSshExecutor(ssh),
    createHttpExecutor(),
    createKubernetesExecutor({ kubeconfig: config.kubeconfig }),
    createProxmoxExecutor(config.proxmox),
    createAnsibleExecutor(),
    createProcessExecutor(),
  ];
  return new Map(all.map((executor) => [executor.name, executor]));
}

export function openCatalogue(
  { runbooksDir, dataDir, adminIds }: Config,
  executors: ReadonlyMap<string, Executor>,
): Catalogue {
  return createCatalogue({ dir: runbooksDir, dataDir, adminIds, executors });
}
