import { runProcess } from "./execution/process.ts";

const NOTIFY = "/usr/bin/systemd-notify";
const TELL_WITHIN_MS = 10_000;

/**
 * The service manager that started this process. Node has no datagrams of the kind that systemd listens for, so a program
 * of systemd's own speaks for us.
 */
export function createServiceManager(socket: string) {
  return async function tell(state: "READY=1" | "WATCHDOG=1"): Promise<void> {
    const { outcome, output } = await runProcess({
      argv: ["/usr/bin/env", `NOTIFY_SOCKET=${socket}`, NOTIFY, state],
      directory: "/",
      timeoutMs: TELL_WITHIN_MS,
    });
    if (outcome !== "succeeded") throw new Error(`systemd was not told ${state}: ${output}`);
  };
}
