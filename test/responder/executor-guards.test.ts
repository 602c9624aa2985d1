import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { Executor, RunLimits } from "../../src/execution/execution.ts";
import type { Place } from "../../src/responder/ports.ts";
import { respond } from "../../src/responder/respond.ts";
import { createJourney } from "./journey.ts";

type Journey = ReturnType<typeof createJourney>;

const MINUTE = 60_000;
const BROKEN = "people: [this is no policy";
const TARGETS = "targets: {web: {executor: command}}\n";

/** A person approves; at this place of the way to the run, something happens. */
async function approvedWhen(at: Place, happens: (journey: Journey) => unknown, more = {}) {
  const journey = createJourney({ risk: "medium", policy: TARGETS, ...more });
  await journey.fire();
  atPlace(journey, at, happens);
  await journey.vote({ name: "ana" }, "approve");
  return journey;
}

function atPlace(journey: Journey, place: Place, happens: (journey: Journey) => unknown): void {
  journey.world.onCrashPoint = (name) => {
    if (name !== place) return;
    journey.world.onCrashPoint = () => undefined;
    happens(journey);
  };
}

/** The first request of the newest incident: what was approved. */
async function approved(journey: Journey) {
  const request = (await journey.newest())?.view?.requests.at(-1);
  return { state: request?.state, why: request?.endReason ?? null };
}

const executorOf = (journey: Journey) => journey.ports.executors.get("command") as Executor;
const withoutExecutor = ({ ports }: Journey) =>
  (ports.executors as Map<string, Executor>).delete("command");

describe("a step for what is not there", () => {
  it("does nothing", async () => {
    const { ports, runs } = createJourney();

    const end = await respond(ports, { kind: "execute", subject: "req_none", attempts: 1 });

    expect(end).toEqual({ outcome: "done" });
    expect(runs).toEqual([]);
  });
});

describe("right before the run", () => {
  it.each([15 * MINUTE, 16 * MINUTE])(
    "P4 T53 what is over its time expires (%i ms)",
    async (ms) => {
      const journey = await approvedWhen("before-look-again", ({ jump }) => jump(ms));

      expect(journey.runs).toEqual([]);
      expect(await approved(journey)).toEqual({
        state: "expired",
        why: "it could not be started in time",
      });
    },
  );

  it("P12 what policy approved is asked again when its source is not to be reached any more", async () => {
    const journey = createJourney();
    journey.world.alertmanager = true;
    await journey.enableAutohealing();
    atPlace(journey, "before-look-again", ({ world }) => {
      world.alertmanager = "unreachable";
    });
    await journey.fire();

    expect(journey.runs).toEqual([]);
    expect(await approved(journey)).toMatchObject({ state: "superseded" });
    expect(await journey.newest()).toMatchObject({ state: "pending", isApprovedByPolicy: false });
  });

  it("P12 a policy that can't be read makes it wait, and runs once when it can", async () => {
    const journey = await approvedWhen("before-look-again", ({ writePolicy }) =>
      writePolicy(BROKEN),
    );
    const before = { runs: [...journey.runs], ...(await approved(journey)) };

    journey.writePolicy(TARGETS);
    await journey.pass(MINUTE);

    expect(before).toEqual({ runs: [], state: "approved", why: null });
    expect(journey.runs).toHaveLength(1);
  });

  it("P12 likewise one that breaks while the facts are looked at", async () => {
    const journey = createJourney({ risk: "medium", policy: TARGETS });
    await journey.fire();
    journey.world.onLook = () => journey.writePolicy(BROKEN);
    await journey.vote({ name: "ana" }, "approve");
    const before = { runs: [...journey.runs], ...(await approved(journey)) };

    journey.world.onLook = () => undefined;
    journey.writePolicy(TARGETS);
    await journey.pass(MINUTE);

    expect(before).toEqual({ runs: [], state: "approved", why: null });
    expect(journey.runs).toHaveLength(1);
  });

  it("P8 T54 a precondition that can't be checked makes it wait", async () => {
    const journey = await approvedWhen("before-look-again", ({ world }) => {
      world.state = "unreachable";
    });
    const before = { runs: [...journey.runs], ...(await approved(journey)) };

    journey.world.state = "down";
    await journey.pass(MINUTE);

    expect(before).toEqual({ runs: [], state: "approved", why: null });
    expect(journey.runs).toHaveLength(1);
  });

  it("P4 T52 an alert that resolved in the same moment cancels it", async () => {
    const journey = await approvedWhen("before-look-again", () => undefined);
    expect(journey.runs).toHaveLength(1);

    const late = createJourney({ risk: "medium" });
    await late.fire();
    const { episode } = late.ports.store;
    Object.assign(late.ports.store, {
      episode: async (id: number) => ({ ...(await episode(id)), status: "resolved" }),
    });
    await late.vote({ name: "ana" }, "approve");

    expect(late.runs).toEqual([]);
    expect(await approved(late)).toEqual({ state: "cancelled", why: "the alert resolved" });
  });

  it("P12 a runbook that can't be loaded takes the decision from the policy again", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    atPlace(journey, "before-look-again", ({ database }) =>
      writeFileSync(join(dirname(database), "broken.md"), "---\nid: [\n---\n"),
    );
    await journey.fire();

    expect(journey.runs).toEqual([]);
    expect((await approved(journey)).why).toContain("could not be loaded");
    expect(await journey.newest()).toMatchObject({ state: "pending" });
  });
});

describe("P2 what differs from what was shown does not run, and is named", () => {
  const gone = ({ database }: Journey) => rmSync(join(dirname(database), "web-down.md"));
  const otherAction = ({ editRunbook }: Journey) =>
    editRunbook((text) => text.replace("id: restart", "id: again"));
  const otherCommand = (journey: Journey) => {
    const argv = ["/usr/bin/true", "other"] as [string, ...string[]];
    executorOf(journey).describe = () => ({ kind: "argv", argv, directory: "/" });
  };
  const unreadable = ({ ports }: Journey) => {
    Object.assign(ports, { hashFiles: () => Promise.reject(new Error("true can't be read")) });
  };

  it.each<[string, (journey: Journey) => unknown, string]>([
    ["a runbook that is gone", gone, "the runbook web-down is not there any more"],
    ["an action that is gone", otherAction, "restart"],
    ["a target that is gone", ({ writePolicy }) => writePolicy("{}"), "the inventory has no web"],
    ["an executor that is gone", withoutExecutor, "this installation has no executor command"],
    ["another policy", ({ writePolicy }) => writePolicy(`${TARGETS}\n# more`), "policy.yaml was"],
    ["another command", otherCommand, "what would run is no longer what was shown"],
    ["a program that can't be read", unreadable, "true can't be read"],
  ])("%s", async (_, happens, why) => {
    const journey = await approvedWhen("before-look-again", happens);

    expect(journey.runs).toEqual([]);
    const end = await approved(journey);
    expect(end.state).toBe("superseded");
    expect(end.why).toContain(why);
  });

  it("a script beside a program that stayed the same", async () => {
    const folder = mkdtempSync(join(tmpdir(), "countersign-script-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const script = join(folder, "fix.sh");
    writeFileSync(script, "#!/bin/sh\necho good\n", { mode: 0o755 });
    const journey = createJourney({ risk: "medium" });
    journey.editRunbook((text) => text.replace("/usr/bin/true, restart", `/bin/sh, ${script}`));
    await journey.fire();
    writeFileSync(script, "#!/bin/sh\necho something else\n");
    await journey.vote({ name: "ana" }, "approve");

    expect(journey.runs).toEqual([]);
    expect((await approved(journey)).why).toBe(`${script} was changed since this was shown`);
  });

  it("another process than the one that was named", async () => {
    const journey = createJourney({ risk: "medium" });
    let pid = 10;
    executorOf(journey).pin = () =>
      Promise.resolve({
        detail: `pid ${pid} is the busiest`,
        command: {
          ...{ kind: "signals", signals: ["SIGTERM"], graceMs: 1, among: ["busy"] },
          process: { pid, name: "busy", user: "app", uid: 1, startTicks: "1", bootId: "b" },
        },
      });
    await journey.fire();
    const shown = (await journey.newest()) as unknown as PlannedRequest;
    pid = 11;
    await journey.vote({ name: "ana" }, "approve");

    expect(shown.plan).toMatchObject({ files: [], command: { process: { pid: 10 } } });
    expect(shown.reasons[0]?.text).toBe("pid 10 is the busiest");
    expect(journey.runs).toEqual([]);
    expect((await approved(journey)).why).toBe(
      "the busiest is now busy (pid 11); shown was busy (pid 10)",
    );
  });

  it("is compared with a plan that names the alert's episode", async () => {
    const journey = createJourney({ risk: "medium" });
    await journey.fire();
    const { plan } = (await journey.newest()) as unknown as PlannedRequest;

    expect(plan.episode).toEqual({
      source: "alertmanager",
      fingerprint: "web",
      startsAt: journey.now().toISOString(),
    });
  });

  it("and that asks about this alert's own labels", async () => {
    const journey = createJourney({ risk: "medium" });
    journey.editRunbook((text) =>
      text.replace(
        /precondition: .*/,
        `precondition: {promql: 'up{service="{{labels.service}}"} == 0'}`,
      ),
    );
    await journey.fire();
    const { plan } = (await journey.newest()) as unknown as PlannedRequest;

    expect(plan.precondition).toEqual({ promql: 'up{service="web"} == 0' });
  });

  it("and not with another runbook that lies beside it", async () => {
    const journey = await approvedWhen("before-look-again", ({ database }) => {
      const text = "---\nid: a-first\ntitle: First\nmatch: {alertname: First}\n---\nProse.\n";
      writeFileSync(join(dirname(database), "a-first.md"), text);
    });

    expect(journey.runs).toHaveLength(1);
  });
});

describe("the claim and the start", () => {
  function claimsOnce(journey: Journey, answer: object): number[] {
    const { claim } = journey.ports.store;
    const windows: number[] = [];
    let left = 1;
    Object.assign(journey.ports.store, {
      claim: (...[request, windowMs, guard]: Parameters<typeof claim>) => {
        windows.push(windowMs);
        left -= 1;
        return left < 0 ? claim(request, windowMs, guard) : Promise.resolve(answer);
      },
    });
    return windows;
  }

  it("T49 wait while another run is under way on the target", async () => {
    let windows: number[] = [];
    const journey = await approvedWhen("before-look-again", (one) => {
      windows = claimsOnce(one, { outcome: "busy" });
    });
    const before = { runs: [...journey.runs], ...(await approved(journey)) };
    await journey.pass(MINUTE);

    expect(before).toEqual({ runs: [], state: "approved", why: null });
    expect(journey.runs).toHaveLength(1);
    // The limit's own window, so that it counts once more at this moment.
    expect(windows).toEqual([60 * MINUTE, 60 * MINUTE]);
  });

  it("T49 do nothing where somebody else was faster", async () => {
    const journey = await approvedWhen("before-look-again", (one) => {
      claimsOnce(one, { outcome: "lost" });
    });
    await journey.pass(MINUTE);

    expect(journey.runs).toEqual([]);
    expect(await approved(journey)).toMatchObject({ state: "approved" });
  });

  it("T57 start nothing where the intent was stored before", async () => {
    const journey = await approvedWhen("after-claim", ({ ports }) =>
      Object.assign(ports.store, { start: () => Promise.resolve("lost") }),
    );

    expect(journey.runs).toEqual([]);
  });

  it("say which rule refused", async () => {
    const journey = await approvedWhen("before-claim", ({ store, now }) =>
      store.switches.maintain("web", new Date(now().getTime() + MINUTE), "ana"),
    );

    expect(journey.runs).toEqual([]);
    expect((await approved(journey)).why).toContain("web is under maintenance");
  });

  it("need no limit, and pass on the time limit and the stop", async () => {
    const limits: RunLimits[] = [];
    const journey = createJourney({ risk: "medium" });
    journey.editRunbook((text) => text.replace("    limit: 3/1h\n", "    timeout: 7s\n"));
    const { run } = executorOf(journey);
    executorOf(journey).run = (command, given) => {
      limits.push(given);
      return run(command, given);
    };
    await journey.fire();
    await journey.vote({ name: "ana" }, "approve");

    expect(limits).toEqual([{ timeoutMs: 7_000, signal: journey.ports.stopping }]);
  });

  it("P11 are given up when auto-healing goes off between the two", async () => {
    const journey = createJourney();
    await journey.enableAutohealing();
    atPlace(journey, "after-claim", ({ disableAutohealing }) => disableAutohealing());
    await journey.fire();

    expect(journey.runs).toEqual([]);
    expect((await approved(journey)).state).toBe("failed");
    expect((await journey.newest())?.view?.executions).toMatchObject([
      { startedAt: null, exitCode: null, output: "Not started: auto-healing was turned off" },
    ]);
  });

  it("P3 T57 are left alone where somebody else started them between the two", async () => {
    const journey = await approvedWhen("after-claim", ({ raw }) =>
      raw.exec("UPDATE executions SET state = 'started', started_at = 1"),
    );

    expect(journey.runs).toEqual([]);
    expect((await journey.newest())?.view?.executions).toMatchObject([{ state: "started" }]);
  });

  it("P3 come back where the step was cut short after the claim: approved, and asked anew", async () => {
    const journey = createJourney({ risk: "medium" });
    await journey.fire();
    atPlace(journey, "after-claim", () => {
      throw new Error("the power went");
    });
    await expect(journey.vote({ name: "ana" }, "approve")).rejects.toThrow("the power went");
    const [request] = (await journey.newest())?.view?.requests ?? [];

    const end = await respond(journey.ports, {
      ...{ kind: "execute", attempts: 2 },
      subject: request?.id ?? "",
    });

    expect(end).toMatchObject({ outcome: "again", why: "it was claimed and never started" });
    expect((await approved(journey)).state).toBe("approved");
    expect(journey.runs).toEqual([]);
  });

  it("are given up when the executor went away between the two", async () => {
    const journey = await approvedWhen("after-claim", withoutExecutor);

    expect(journey.runs).toEqual([]);
    expect((await journey.newest())?.view?.executions).toMatchObject([
      { startedAt: null, output: "Not started: its executor is not there" },
    ]);
  });

  it("P3 T57 leave a run unknown whose executor broke its word", async () => {
    const journey = await approvedWhen("after-start", (one) => {
      executorOf(one).run = () => Promise.reject(new Error("no idea how far it got"));
    });

    expect((await approved(journey)).state).toBe("unknown");
    expect((await journey.newest())?.view?.executions).toMatchObject([
      { state: "unknown", exitCode: null, output: "no idea how far it got" },
    ]);
  });
});
