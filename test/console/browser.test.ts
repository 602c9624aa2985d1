import type { BrowserContext, Page } from "playwright-core";
import type { TestContext } from "vitest";
import { afterEach, beforeEach, expect, it } from "vitest";
import { browserFor, listen } from "./chromium.ts";
import type { Lab } from "./lab.ts";
import { createLab, LINK } from "./lab.ts";
import { PAGES } from "./readings.ts";
import { aDeniedRequest, anExecution, aRequest, aView } from "./stories.ts";

let context: BrowserContext | null = null;
let server: Awaited<ReturnType<typeof listen>>;
let lab: Lab;
let base: string;

beforeEach(async () => {
  lab = createLab({ heartbeatMs: 1000 });
  lab.now = new Date();
  server = await listen(() => lab);
  base = `http://127.0.0.1:${server.port}`;
});

afterEach(async () => {
  await context?.close();
  context = null;
  lab.console.close();
  server.close();
});

interface Look {
  width?: number;
  hasScript?: boolean;
  isSignedIn?: boolean;
  host?: string;
}

/** A page of a browser of its own; skips the test by name where there is no browser. */
async function visit(test: TestContext, look: Look = {}): Promise<Page> {
  const browser = await browserFor(test);
  context = await browser.newContext({
    viewport: { width: look.width ?? 1280, height: 800 },
    javaScriptEnabled: look.hasScript ?? true,
  });
  if (look.isSignedIn !== false) {
    const url = look.host ?? base;
    await context.addCookies([{ name: "countersign_session", value: "session-of-ana-0000", url }]);
  }
  const page = await context.newPage();
  page.on("pageerror", (error) => lab.errors.push(error.message));
  page.on("console", (line) => {
    if (/Content.Security.Policy|Refused to/i.test(line.text())) lab.errors.push(line.text());
  });
  return page;
}

function put(...views: Lab["views"]): void {
  lab.views = views;
  lab.emit({ name: "incident", incidentId: "inc_nginx", version: 4 });
}

async function isListening(page: Page): Promise<void> {
  await page.locator("html[data-stream=open]").waitFor();
  await page.waitForTimeout(300);
}

it("signs in by link and button", async (test) => {
  const page = await visit(test, { isSignedIn: false });
  await page.goto(`${base}/`);
  expect(await page.textContent("h1")).toBe("Please sign in");

  await page.goto(`${base}/sign-in/${LINK}`);
  await page.click("button.approve");

  await page.waitForURL(/\/($|\?)/);
  expect(await page.textContent("h1")).toBe("Nothing waits for you");
  expect(await page.textContent(".flash")).toBe("You are signed in.");
  expect(lab.errors).toEqual([]);
});

it("shows a card that arrives while somebody looks, and approves it by one click", async (test) => {
  const page = await visit(test);
  await page.goto(`${base}/`);
  await isListening(page);

  const request = aRequest(lab.now);
  put(aView(lab.now, { requests: [request] }));
  await page.click(`#approve-${request.planCode}`);

  await page.waitForURL(/incidents\/inc_nginx/);
  expect(await page.textContent(".flash")).toBe("Approved. It is about to run.");
  expect(lab.decisions).toMatchObject([
    { decision: "approve", via: "tap", digest: request.digest },
  ]);
  expect(lab.errors).toEqual([]);
});

it("loses no press that begins while the page is still settling", async (test) => {
  const page = await visit(test);
  const request = aRequest(lab.now);
  put(aView(lab.now, { requests: [request] }));
  await page.goto(`${base}/`);
  const box = await page.locator(`#approve-${request.planCode}`).boundingBox();

  await page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 10);
  await page.mouse.down();
  put(aView(lab.now, { requests: [request], diagnosis: null }));
  await page.waitForTimeout(400);
  await page.mouse.up();

  await page.waitForURL(/incidents\/inc_nginx/);
  expect(lab.decisions).toHaveLength(1);
});

it("T13 works by name over plain http, where browsers send no Sec-Fetch-Site", async (test) => {
  const host = base.replace("127.0.0.1", "console.test");
  const page = await visit(test, { host });
  const request = aRequest(lab.now);
  put(aView(lab.now, { requests: [request] }));

  await page.goto(`${host}/incidents/inc_nginx`);
  expect(await page.locator(`#approve-${request.planCode}`).count()).toBe(0);
  await page.click("text='Reject'");

  await page.waitForSelector(".flash");
  expect(lab.decisions).toMatchObject([{ decision: "reject" }]);
});

it("opens a link from a chat on another site for somebody who is signed in", async (test) => {
  const page = await visit(test);
  put(aView(lab.now));
  await page.route("http://chat.test/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<a href="${base}/incidents/inc_nginx">card</a>`,
    }),
  );

  await page.goto("http://chat.test/");
  await page.click("a");

  await page.waitForSelector("text=What is wrong");
  expect(page.url()).toBe(`${base}/incidents/inc_nginx`);
});

it("rejects with a reason", async (test) => {
  const page = await visit(test);
  put(aView(lab.now, { requests: [aRequest(lab.now)] }));
  await page.goto(`${base}/incidents/inc_nginx`);

  await page.fill(".rejection input[name=reason]", "maintenance tonight");
  await page.click("text='Reject'");

  await page.waitForSelector(".flash");
  expect(lab.decisions).toMatchObject([{ decision: "reject", reason: "maintenance tonight" }]);
});

it("approves high risk only with the plan code and a reason typed", async (test) => {
  const page = await visit(test);
  const request = aRequest(lab.now, { risk: "high" });
  put(aView(lab.now, { requests: [request] }));
  await page.goto(`${base}/incidents/inc_nginx`);

  await page.click("text='Approve this high-risk action'");
  const early = lab.decisions.length;
  await page.fill("input[name=typed_code]", request.planCode);
  await page.fill("textarea[name=reason]", "seen it before");
  await page.click("text='Approve this high-risk action'");

  await page.waitForSelector(".flash");
  expect(early).toBe(0);
  expect(lab.decisions).toMatchObject([{ via: "typed", reason: "seen it before" }]);
});

it("leaves a form alone in which somebody types, and says that the page has changed", async (test) => {
  const page = await visit(test);
  put(aView(lab.now, { requests: [aRequest(lab.now)] }));
  await page.goto(`${base}/incidents/inc_nginx`);
  await isListening(page);
  await page.fill(".rejection input[name=reason]", "because of");

  put(aView(lab.now, { requests: [] }));

  await page.waitForSelector("#live:not([hidden])");
  expect(await page.textContent("#live")).toBe("This page has changed. Reload");
  expect(await page.inputValue(".rejection input[name=reason]")).toBe("because of");
});

it("T64 holds a plan that has just come up, so that a tap meant for another can't approve it", async (test) => {
  const page = await visit(test);
  put(aView(lab.now, { requests: [aRequest(lab.now)] }));
  await page.goto(`${base}/incidents/inc_nginx`);
  await isListening(page);

  const other = aRequest(lab.now, { id: "req_2", argv: ["/sbin/reboot"] });
  put(aView(lab.now, { requests: [other] }));
  const forms = page.locator(`[data-digest="${other.digest}"]`);
  await forms.waitFor();

  expect(await forms.evaluate((element) => element.hasAttribute("inert"))).toBe(true);
  await page.waitForSelector(`[data-digest="${other.digest}"]:not([inert])`);
});

it("keeps open what was opened when the page changes", async (test) => {
  const page = await visit(test);
  put(aView(lab.now));
  await page.goto(`${base}/incidents/inc_nginx`);
  await isListening(page);
  await page.click("#labels-1 summary");

  put(aView(lab.now, { requests: [aRequest(lab.now)] }));

  await page.waitForSelector(".request");
  expect(await page.locator("#labels-1").getAttribute("open")).not.toBeNull();
});

it("counts down and takes the buttons away when the time is over", async (test) => {
  const page = await visit(test);
  const expiresAt = new Date(Date.now() + 2_500);
  put(aView(lab.now, { requests: [aRequest(lab.now, { expiresAt })] }));
  await page.goto(`${base}/incidents/inc_nginx`);
  expect(await page.textContent(".countdown")).toMatch(/in 0:0\d/);

  await page.waitForSelector("text=expired");

  expect(await page.locator(".decide button:enabled").count()).toBe(0);
});

it("can be installed: the browser reads its manifest and finds nothing wrong with it", async (test) => {
  const page = await visit(test);
  await page.goto(`${base}/`);
  const devtools = await page.context().newCDPSession(page);
  const { errors, url, data } = await devtools.send("Page.getAppManifest");

  expect(url).toContain("/assets/manifest.webmanifest");
  expect(errors).toEqual([]);
  expect(JSON.parse(data ?? "{}")).toMatchObject({ start_url: "/", display: "standalone" });
  expect(lab.errors).toEqual([]);
});

it("fits a phone of 360 pixels without scrolling sideways", async (test) => {
  const page = await visit(test, { width: 360 });
  const long = "a-very-long-name-without-any-space-".repeat(8);
  const view = aView(lab.now, {
    requests: [
      aRequest(lab.now, { risk: "high", argv: ["/usr/bin/true", "x".repeat(900)] }),
      aDeniedRequest(lab.now),
    ],
    executions: [anExecution(lab.now, { state: "unknown", output: "y".repeat(500), target: long })],
  });
  put({ ...view, incident: { ...view.incident, title: long } });
  lab.answer = { text: long, buttons: [{ label: long, value: "/help" }] };

  for (const path of [...PAGES, `/sign-in/${LINK}`]) {
    await page.goto(base + path);
    expect([path, await overflow(page)]).toEqual([path, 0]);
  }
  await page.goto(`${base}/command`);
  await page.fill("#text", "/help");
  await page.click("text='Send'");
  await page.waitForSelector(".answer");
  expect(await overflow(page)).toBe(0);
});

function overflow(page: Page): Promise<unknown> {
  return page.evaluate("document.documentElement.scrollWidth - innerWidth");
}

it("can be read and decided without JavaScript", async (test) => {
  const page = await visit(test, { hasScript: false, isSignedIn: false });
  const request = aRequest(lab.now);
  put(aView(lab.now, { requests: [request] }));

  await page.goto(`${base}/sign-in/${LINK}`);
  await page.click("button.approve");
  await page.click("text='NginxDown on web-01'");
  expect(await page.textContent(".argv")).toBe("/usr/bin/systemctl restart nginx.service");
  expect(await page.textContent(".countdown")).toMatch(/^in 1\d min$/);
  await page.click("text='Approve'");

  await page.waitForSelector(".flash");
  expect(lab.decisions).toMatchObject([{ decision: "approve", person: lab.person }]);
});

it("can be used by keyboard alone: skip link, visible focus, approve", async (test) => {
  const page = await visit(test);
  const request = aRequest(lab.now);
  put(aView(lab.now, { requests: [request] }));
  await page.goto(`${base}/incidents/inc_nginx`);

  await page.keyboard.press("Tab");
  const first = await page.evaluate("document.activeElement.textContent");
  await page.keyboard.press("Enter");
  for (let turn = 0; turn < 12; turn++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate("document.activeElement.id")) === `approve-${request.planCode}`) break;
  }
  const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
  await page.keyboard.press("Enter");

  await page.waitForSelector(".flash");
  expect(first).toBe("Skip to the content");
  expect(outline).toBe("solid");
  expect(lab.decisions).toHaveLength(1);
});

it("searches the history by words and filters, which stand in the address", async (test) => {
  const page = await visit(test);
  put(aView(lab.now));
  await page.goto(`${base}/history`);

  await page.fill("input[name=words]", "nginx down");
  await page.selectOption("select[name=severity]", "critical");
  await page.selectOption("select[name=within]", "week");
  await page.keyboard.press("Enter");
  await page.waitForURL(/words=nginx\+down/);

  const { searchParams } = new URL(page.url());
  expect(Object.fromEntries(searchParams)).toMatchObject({ severity: "critical", within: "week" });
  expect(lab.searches.at(-1)).toMatchObject({
    words: "nginx down",
    severity: "critical",
    within: "week",
    page: 1,
  });
  expect(await page.inputValue("input[name=words]")).toBe("nginx down");
  await page.reload();
  expect(await page.inputValue("select[name=severity]")).toBe("critical");
  expect(lab.errors).toEqual([]);
});
