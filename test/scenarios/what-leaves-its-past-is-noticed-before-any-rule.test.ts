import { expect, it, onTestFinished } from "vitest";
import { createProgram } from "../harness.ts";
import { openMetrics } from "../lab/history.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer } from "../peers.ts";

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const WATCH = `watches:
  - {name: TestAlert, title: The lab is busier than usual, promql: lab_busy_ratio, every: 15s, severity: warning}
`;

/** Busy for 50 minutes, with nobody's rule on it, after a week that was calm. */
async function createWatched() {
  const now = Date.now();
  const busy = (ms: number) => (ms > now - 50 * MINUTE ? 0.9 : 0.2 + 0.02 * Math.sin(ms / 700_000));
  const history = openMetrics(
    [{ series: 'lab_busy_ratio{instance="test-instance"}', at: busy }],
    [[now - 8 * DAY, now + 10 * MINUTE]],
    MINUTE,
  );
  const prometheus = await startPrometheus({ scrapeTargets: [], history });
  onTestFinished(() => prometheus.stop());
  const program = await createProgram({ env: { PROMETHEUS_URL: prometheus.url } });
  await program.start();
  const page = await program.signIn();
  return { program, page, prometheus };
}

it.skipIf(!havePeer("prometheus"))(
  "P8 P11 a watch raises an incident that only asks, also where its action is low and auto-healing on, and survives a restart",
  { timeout: 90_000 },
  async () => {
    const { program, page, prometheus } = await createWatched();
    await page.enableAutohealing();
    program.writeRunbook("watch.yaml", WATCH);

    await expect.poll(() => program.history(), { timeout: 40_000 }).toHaveLength(1);
    const story = await program.untilStory(undefined, ({ requests }) => requests.length > 0);

    expect(story.incident).toMatchObject({ source: "countersign", title: "TestAlert" });
    expect(story.requests).toMatchObject([{ state: "pending", risk: "medium" }]);
    expect(JSON.stringify(story.requests[0])).toContain("Countersign noticed this itself");
    expect(program.runs()).toEqual([]);
    const [first] = story.evidence;
    expect(first).toMatchObject({ title: "The lab is busier than usual", status: "found" });

    await program.kill9();
    await program.start();
    await expect
      .poll(async () => (await program.health()).checks.watches?.detail, { timeout: 20_000 })
      .toBe("1 watches; TestAlert: 1 series, 1 out of the ordinary");
    expect(await program.history()).toHaveLength(1);

    await prometheus.stop();
    await expect
      .poll(async () => (await program.health()).checks.watches, { timeout: 30_000 })
      .toMatchObject({
        status: "degraded",
        detail: expect.stringContaining("not looked at: TestAlert"),
      });
    expect((await program.story()).incident.state).toBe("open");
    expect(program.runs()).toEqual([]);
  },
);
