import { setTimeout as sleep } from "node:timers/promises";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import { admit } from "../../src/incident/admit.ts";
import { openStore } from "../../src/store/store.ts";

/** A process of its own beside another on one database: claims and starts what it is told to. */
const store = openStore({
  path: process.argv[2] ?? "",
  isExclusive: false,
  dedupWindowMs: 0,
  hasSource: false,
  chats: [],
  admit,
  redact: (text) => text,
  now: () => new Date(process.argv[3] ?? ""),
});

process.on("message", (id: string) => {
  void take(id).then((outcome) => process.send?.(outcome));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

/** As long as the other one's run keeps the target busy it comes again, as the worker would. */
async function take(id: string): Promise<string> {
  const request = (await store.requests.find(id)) as PlannedRequest;
  for (;;) {
    const claim = await store.executions.claim(request, 0, () => null);
    if (claim.outcome === "busy") {
      // Without a pause it would keep the database from the one it waits for.
      await sleep(2);
      continue;
    }
    if (claim.outcome !== "claimed") return claim.outcome;
    const start = await store.executions.start(claim.execution);
    const ended = { exitCode: 0, output: "", isTruncated: false, durationMs: 1 };
    await store.executions.finish(claim.execution, { outcome: "succeeded", ...ended }, new Date());
    return start;
  }
}
