import { loadExecutorConfig } from "../config.ts";
import { createRunner } from "../runner.ts";
import type { CliCommand } from "./command.ts";
import { createLog, liveOn } from "./living.ts";

export const executor: CliCommand = {
  name: "executor",
  usage: "executor",
  summary: "Runs what was approved, as a process of its own (COUNTERSIGN_EXECUTOR=separate)",
  options: {},
  maxWords: 0,
  async run() {
    const config = loadExecutorConfig();
    const log = await createLog(config);
    const runner = createRunner(config, log);
    const id = await runner.start();
    const targets = config.executorTargets?.join(", ") ?? "all targets";
    log.info({ executor: id }, `running what is approved for ${targets}`);
    await liveOn(config, runner, log);
    return true;
  },
};
