import { createRequire } from "node:module";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { aPasskey } from "../store/lab.ts";
import { browserFor, listen } from "./chromium.ts";
import type { Lab } from "./lab.ts";
import { createLab, LINK } from "./lab.ts";
import { PAGES } from "./readings.ts";
import { aDeniedRequest, anExecution, aRequest, aView } from "./stories.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

// A browser shares the machine with the other tests.
vi.setConfig({ testTimeout: 120_000 });

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

let server: Awaited<ReturnType<typeof listen>>;
let base = "";
let lab: Lab;

beforeAll(async () => {
  server = await listen(() => lab);
  base = `http://localhost:${server.port}`;
  lab = createLab({ heartbeatMs: 1000, publicUrl: base });
  lab.now = new Date();
  lab.views = [
    aView(lab.now, { requests: [aRequest(lab.now), aDeniedRequest(lab.now)] }),
    aView(lab.now, {
      id: "inc_high",
      requests: [aRequest(lab.now, { id: "req_2", risk: "high" })],
      executions: [anExecution(lab.now, { state: "unknown" })],
    }),
  ];
  lab.passkeys = [{ ...aPasskey(), createdAt: lab.now, usedAt: null }];
  lab.status = {
    ...lab.status,
    problems: [{ file: "runbooks/policy.yaml", line: 12, text: "quorum must be 2 or more" }],
    notices: [{ at: lab.now, text: "policy.yaml was changed" }],
  };
});

afterAll(() => {
  lab.console.close();
  server.close();
});

it.for(["light", "dark"] as const)(
  "axe finds nothing serious on any page in the %s theme, at phone width and wide",
  async (colorScheme, test) => {
    const browser = await browserFor(test);
    const context = await browser.newContext({ colorScheme, bypassCSP: true });
    await context.addCookies([
      { name: "countersign_session", value: "session-of-ana-0000", url: base },
    ]);
    const page = await context.newPage();
    const found: string[] = [];
    for (const path of [
      ...PAGES,
      "/incidents/inc_high",
      "/nowhere",
      "/signed-out",
      `/sign-in/${LINK}`,
    ]) {
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(base + path);
        await page.addScriptTag({ path: AXE });
        const { violations } = (await page.evaluate(
          "axe.run(document, { resultTypes: ['violations'] })",
        )) as { violations: Finding[] };
        for (const { id, impact, nodes } of violations) {
          if (impact !== "serious" && impact !== "critical") continue;
          found.push(`${path} at ${width}: ${id}: ${nodes.map(({ html }) => html).join("\n")}`);
        }
      }
    }
    await context.close();

    expect(found).toEqual([]);
  },
);
