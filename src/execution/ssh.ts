import type { Command, Target } from "../remediation/proposal.ts";
import { lookOf, parseArgv, parseProbeArgv } from "./argv-action.ts";
import type { Executor, ProbeResult, RunLimits, RunResult } from "./execution.ts";
import { InvalidAction } from "./execution.ts";
import type { Ssh } from "./ssh-transport.ts";

const PROBE_TIMEOUT_MS = 15_000;

/** Programs on the inventory's other machines. */
export function createSshExecutor(ssh: Ssh): Executor {
  const describe = (action: Readonly<Record<string, unknown>>, { host }: Target) =>
    ssh.describe(host, parseArgv(action));
  const describeProbe = (probed: Readonly<Record<string, unknown>>, { host }: Target) =>
    ssh.describe(host, parseProbeArgv(probed));

  async function run(command: Command, limits: RunLimits): Promise<RunResult> {
    if (command.kind === "ssh") return await ssh.run(command, limits);
    throw new InvalidAction("the ssh executor runs programs on other machines only");
  }

  async function probe(
    probed: Readonly<Record<string, unknown>>,
    target: Target,
  ): Promise<ProbeResult> {
    const command = await ssh.pin(describeProbe(probed, target));
    return lookOf(await ssh.run(command, { timeoutMs: PROBE_TIMEOUT_MS }), PROBE_TIMEOUT_MS);
  }

  return {
    name: "ssh",
    describe,
    pin: async (action, target) => ({
      command: await ssh.pin(describe(action, target)),
      detail: null,
    }),
    run,
    describeProbe,
    probe,
    check: ssh.check,
  };
}
