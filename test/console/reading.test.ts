import { expect, it } from "vitest";
import { Markdown } from "../../src/console/markdown.tsx";
import { createLab } from "./lab.ts";
import { PAGES } from "./readings.ts";
import { aRequest, aView } from "./stories.ts";

const MOST_BYTES = 100_000;

const render = (text: string) => String(Markdown({ text, known: ["high-cpu"] }));

it.each(PAGES)("%s opens, is small, and has one heading of the first rank", async (path) => {
  const lab = createLab();
  lab.views = [aView(lab.now, { requests: [aRequest(lab.now)] })];

  const response = await lab.get(path);
  const page = await response.text();

  expect(response.status).toBe(200);
  expect(page.match(/<h1[ >]/g)).toHaveLength(1);
  expect(page.length).toBeLessThan(MOST_BYTES);
  expect(lab.errors).toEqual([]);
});

it("renders a runbook's prose, and leads to other runbooks only", async () => {
  const page = await (await createLab().get("/runbooks/service-down")).text();

  expect(page).toContain('<a href="/runbooks/high-cpu"><bdi>high-cpu</bdi></a>');
  expect(page).toContain("<td><code><bdi>a | b</bdi></code></td>");
  expect(page).toMatch(/<pre tabindex="0"><code><bdi># not a heading\nsystemctl/);
  expect(page).toMatch(/<ol><li>.*disk, or the network\..*<ul><li>/s);
  expect(page).toContain("42 s in half of the verified cases");
});

it.each([
  ["markup", "<script>alert(1)</script> <img src=x onerror=alert(1)>", /<script>|<img/],
  ["a link elsewhere", "[wiki](https://evil.example/?q=1)", /href/],
  ["a script in a link", "[x](javascript:alert(1))", /href/],
  ["a picture", "![x](https://evil.example/leak.png)", /<img|href/],
  ["a way out of the folder", "[x](../../etc/passwd.md) [y](unknown.md)", /href/],
  ["markup in code", "`<b>` and\n\n```\n</code><script>\n```", /<script>|<b>/],
])("T24 T62 prose: %s stays text", (_what, text, forbidden) => {
  expect(render(text)).not.toMatch(forbidden);
});

it("reads hostile prose in time", () => {
  const start = performance.now();
  render("*a".repeat(20_000));
  render("[".repeat(20_000));
  render(`${"`".repeat(5_000)} x`.repeat(4));
  render(Array.from({ length: 3_000 }, (_, at) => `${" ".repeat(at % 200)}- x`).join("\n"));

  expect(performance.now() - start).toBeLessThan(5_000);
});

it("sends a test alert by its form only, and not many", async () => {
  const lab = createLab();
  lab.person = { ...lab.person, roles: ["viewer", "operator"] };

  await lab.get("/test-alert?severity=critical");
  expect(lab.tests).toEqual([]);
  for (let turn = 0; turn < 7; turn += 1) await lab.post("/test-alert", { severity: "critical" });
  const page = await (await lab.post("/test-alert", { severity: "info" })).text();

  expect(lab.tests).toEqual(Array.from({ length: 5 }, () => "critical"));
  expect(page).toContain("Wait a minute");
});

it("T13 verifies the record by its form only", async () => {
  const lab = createLab();

  const byGet = await lab.get("/record/verify");
  const forged = await lab.post("/record/verify", { csrf: "" });
  expect([byGet.status, forged.status, lab.verified]).toEqual([404, 403, []]);
  await lab.post("/record/verify", {});

  expect(await (await lab.get("/record")).text()).toContain("Whole: 102 entries fit");
});

it("says what to do where policy.yaml can't be read", async () => {
  const lab = createLab();
  const broken = { ...lab.reads, targets: async () => null, policy: async () => null };
  const other = createLab({ reads: broken });

  for (const path of ["/targets", "/policy"]) {
    expect(await (await other.get(path)).text()).toContain("npx countersign check");
  }
});
