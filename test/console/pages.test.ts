import { expect, it } from "vitest";
import { assetPaths } from "../../src/console/assets.ts";
import { createLab } from "./lab.ts";
import { anAlert, anExecution, aRequest, aView } from "./stories.ts";

it("tells somebody with an empty inbox what to do next", async () => {
  const lab = createLab({ publicUrl: "http://pve.lan:9095/" });

  const page = await (await lab.get("/")).text();

  expect(page).toContain("curl -X POST http://pve.lan:9095/webhook");
  expect(page).toContain("TestAlert");
  expect(page).toContain("Auto-healing is off");
});

it("puts what waits for the person before everything else", async () => {
  const lab = createLab();
  lab.views = [
    aView(lab.now, { id: "inc_other" }),
    aView(lab.now, { requests: [aRequest(lab.now)] }),
  ];

  const page = await (await lab.get("/")).text();

  expect(page).toContain("<title>1 waiting · Countersign</title>");
  expect(page.indexOf("/incidents/inc_nginx")).toBeLessThan(page.indexOf("/incidents/inc_other"));
});

it("shows an incident whole: what is wrong, what would run, why, on what ground, and its record", async () => {
  const lab = createLab();
  lab.views = [aView(lab.now, { requests: [aRequest(lab.now)] })];

  const page = await (await lab.get("/incidents/inc_nginx")).text();
  const words = page.replaceAll(/<[^>]+>/g, "");

  for (const part of [
    "NginxDown on web-01",
    "nginx on web-01 does not answer",
    "/usr/bin/systemctl restart nginx.service",
    "192.168.1.101",
    "Medium risk",
    "Its runbook declares it medium.",
    "in 12 min",
    "Address already in use",
    "Opinion, not a fact",
    "waits for an approver",
    "#43 request.pending",
  ]) {
    expect(words).toContain(part);
  }
});

it("says what the fix has done so far where it is to be decided", async () => {
  const lab = createLab();
  const requests = [aRequest(lab.now)];
  const fixes = [{ requestId: requests[0]?.id ?? "", runs: 9, verified: 7, medianMs: 40_000 }];
  lab.views = [aView(lab.now, { requests, fixes })];

  const page = await (await lab.get("/incidents/inc_nginx")).text();

  expect(page).toContain("fixed this 7 of 9 times, median 40 s");
});

it("shows what ran, what it wrote and whether it helped", async () => {
  const lab = createLab();
  lab.views = [
    aView(lab.now, {
      requests: [aRequest(lab.now, { state: "succeeded" })],
      executions: [anExecution(lab.now, { output: `first${"x".repeat(50_000)}last` })],
      verifications: [
        { executionId: "exe_1", outcome: "verified", detail: "up is 1", judgedAt: lab.now },
      ],
    }),
  ];

  const page = await (await lab.get("/incidents/inc_nginx")).text();

  expect(page).toContain("took 4.2 s");
  expect(page).toContain("It helped");
  expect(page).toContain("38009 characters left out");
  expect(page.length).toBeLessThan(40_000);
});

it("shows the first alerts of a large group and says how many more there are", async () => {
  const lab = createLab();
  const view = aView(lab.now);
  const alerts = Array.from({ length: 30 }, (_, id) =>
    anAlert({ id, startsAt: lab.now, labels: { alertname: `Down${id}` } }),
  );
  lab.views = [aView(lab.now, { incident: { ...view.incident, alerts, truncatedAlerts: 7 } })];

  const some = await (await lab.get("/incidents/inc_nginx")).text();
  const all = await (await lab.get("/incidents/inc_nginx?alerts=all")).text();

  expect(some).toContain("Show 10 more");
  expect(some).toContain("7 more alerts");
  expect(some).not.toContain("Down29");
  expect(all).toContain("Down29");
});

it("names who was called when a request went unanswered", async () => {
  const lab = createLab();
  const calls = {
    remindedAt: null,
    escalated: { to: "admin", onCall: null, at: lab.now },
    pagedAt: null,
  };
  lab.views = [aView(lab.now, { requests: [aRequest(lab.now, { calls })] })];

  const page = await (await lab.get("/incidents/inc_nginx")).text();

  expect(page).toMatch(/Also called.*admin/);
});

it("leads from a prefix to the one incident it fits, and says so when there is none", async () => {
  const lab = createLab();
  lab.views = [aView(lab.now)];

  const found = await lab.get("/incidents/inc_ng");
  const missing = await lab.get("/incidents/inc_zzz");

  expect(found.headers.get("location")).toBe("/incidents/inc_nginx");
  expect(missing.status).toBe(404);
});

it("filters and pages the history by its URL", async () => {
  const lab = createLab();
  lab.views = [aView(lab.now)];

  const path = "/history?words=nginx+web&state=open&within=week&target=web-01";
  const page = await (await lab.get(`${path}&page=2`)).text();

  expect(lab.searches).toEqual([
    {
      words: "nginx web",
      state: "open",
      severity: null,
      within: "week",
      runbook: null,
      target: "web-01",
      page: 2,
      pageSize: 25,
    },
  ]);
  expect(page).toContain("page 2 of 3");
  const shown = path.replaceAll("&", "&amp;");
  expect(page).toContain(`href="${shown}&amp;page=3"`);
  expect(page).toContain(`href="${shown}"`);
});

it("takes a history URL nobody would write as the first page of everything", async () => {
  const lab = createLab();

  await lab.get("/history?state=maybe&severity=&within=ever&runbook=&page=-3");

  expect(lab.searches).toMatchObject([
    { words: "", state: null, severity: null, within: null, runbook: null, page: 1 },
  ]);
});

it("answers a command, and a button of the answer sends its value", async () => {
  const lab = createLab();
  lab.answer = {
    text: "3 actions would run unasked",
    buttons: [{ label: "Confirm", value: "/enable_autohealing confirm-7f" }],
  };

  const page = await (await lab.post("/command", { text: "/enable_autohealing" })).text();

  expect(lab.commands).toEqual(["/enable_autohealing"]);
  expect(page).toContain("3 actions would run unasked");
  expect(page).toContain('value="/enable_autohealing confirm-7f"');
});

it("names file and line of what keeps it from acting, on every page", async () => {
  const lab = createLab();
  lab.status = {
    ...lab.status,
    problems: [{ file: "runbooks/policy.yaml", line: 12, text: "quorum must be 2 or more" }],
  };

  for (const path of ["/", "/history", "/command"]) {
    const page = await (await lab.get(path)).text();
    expect(page).toContain("runbooks/policy.yaml:12");
    expect(page).toContain("quorum must be 2 or more");
  }
});

it("keeps page and assets small and lets the browser keep the assets", async () => {
  const lab = createLab();
  let bytes = 0;
  for (const path of Object.values(assetPaths)) {
    const response = await lab.get(path, { cookie: "" });
    bytes += (await response.text()).length;
    expect(response.headers.get("cache-control")).toContain("immutable");
  }
  const stale = await lab.get("/assets/console.css?v=old");

  expect(stale.headers.get("cache-control")).toBe("no-cache");
  expect(bytes).toBeLessThan(40_000);
});

it("says that something went wrong without saying what, and logs it", async () => {
  const lab = createLab();
  lab.views = [aView(lab.now)];
  lab.answer = { text: "" };
  const failing = createLab({
    runCommand: async () => {
      throw new Error("password=hunter2");
    },
  });

  const response = await failing.post("/command", { text: "/status" });

  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("hunter2");
  expect(failing.errors).toHaveLength(1);
});

it("answers an unknown page with a page", async () => {
  const lab = createLab();

  const response = await lab.get("/nowhere");

  expect(response.status).toBe(404);
  expect(await response.text()).toContain("To the inbox");
});

it("draws what was measured, in the colours of the page, with words for whoever can't see it", async () => {
  const asked: unknown[] = [];
  const alt = 'Load "<b>": last 9';
  const lab = createLab({
    graphs: {
      list: () => [{ evidenceId: "E1", n: 1, version: "run 1", alt }],
      svg: async (_, wanted) => {
        asked.push(wanted);
        return wanted.n === 1 ? "<svg/>" : null;
      },
    },
  });
  lab.views = [aView(lab.now)];

  const page = await (await lab.get("/incidents/inc_nginx")).text();
  const [, dark = "", light = ""] =
    /srcset="([^"]+)"[^>]*media="\(prefers-color-scheme: dark\)".*?<img src="([^"]+)"/s.exec(
      page,
    ) ?? [];
  expect(page).toContain('alt="Load &quot;&lt;b&gt;&quot;: last 9"');
  const path = (html: string) => html.replaceAll("&amp;", "&");
  const answer = await lab.get(path(dark));
  await lab.get(path(light));

  expect(answer.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(asked).toEqual([
    { evidenceId: "E1", n: 1, theme: "dark" },
    { evidenceId: "E1", n: 1, theme: "light" },
  ]);
});

it.each([
  "/incidents/inc_nginx/graphs/E1/2",
  "/incidents/inc_nginx/graphs/E1/x",
  "/incidents/inc_nginx/graphs/..%2f..%2fetc/0",
  "/incidents/inc_none/graphs/E1/0",
])("has no graph at %s", async (path) => {
  const lab = createLab();
  lab.views = [aView(lab.now)];

  expect((await lab.get(path)).status).toBe(404);
});

it("shows its graphs to nobody who is not signed in", async () => {
  const lab = createLab({
    graphs: { list: () => [], svg: async () => "<svg>secret</svg>" },
  });
  lab.views = [aView(lab.now)];

  const answer = await lab.get("/incidents/inc_nginx/graphs/E1/0", { cookie: "" });

  expect(answer.status).not.toBe(200);
  expect(await answer.text()).not.toContain("secret");
});
