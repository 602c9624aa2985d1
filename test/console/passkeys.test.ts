import type { BrowserContext, Page } from "playwright-core";
import type { TestContext } from "vitest";
import { afterEach, beforeEach, expect, it } from "vitest";
import { consolePasskeys } from "../../src/store-ports.ts";
import { aPasskey, createLab as createStoreLab } from "../store/lab.ts";
import { browserFor, listen, plugIn } from "./chromium.ts";
import type { Lab } from "./lab.ts";
import { createLab } from "./lab.ts";
import { aRequest, aView } from "./stories.ts";

/** Real ceremonies: a browser with a device in it, the console and the store. */
let context: BrowserContext | null = null;
let server: Awaited<ReturnType<typeof listen>>;
let stored: ReturnType<typeof createStoreLab>;
let lab: Lab;
let base: string;

beforeEach(async () => {
  server = await listen(() => lab);
  base = `http://localhost:${server.port}`;
  stored = createStoreLab();
  const passkeys = consolePasskeys(stored.store, "localhost");
  lab = createLab({ heartbeatMs: 1000, publicUrl: base, passkeys });
  lab.now = new Date();
});

afterEach(async () => {
  await context?.close();
  context = null;
  lab.console.close();
  server.close();
});

async function visit(test: TestContext, look: { hasScript?: boolean; width?: number } = {}) {
  const browser = await browserFor(test);
  context = await browser.newContext({
    viewport: { width: look.width ?? 1280, height: 900 },
    javaScriptEnabled: look.hasScript ?? true,
  });
  const cookie = { name: "countersign_session", value: "session-of-ana-0000", url: base };
  await context.addCookies([cookie]);
  const page = await context.newPage();
  page.on("pageerror", (error) => lab.errors.push(error.message));
  page.on("console", (line) => {
    if (/Content.Security.Policy|Refused to/i.test(line.text())) lab.errors.push(line.text());
  });
  return page;
}

async function addPasskey(page: Page): Promise<void> {
  await page.goto(`${base}/sessions`);
  await page.fill("#passkey-name", "the blue one");
  await page.click("text='Add a passkey'");
  await page.waitForURL(/sessions/);
  await page.waitForSelector(".flash");
}

function putHighRisk() {
  const request = aRequest(lab.now, { risk: "high" });
  lab.views = [aView(lab.now, { requests: [request] })];
  return request;
}

async function fillIn(page: Page, code: string): Promise<void> {
  await page.fill("input[name=typed_code]", code);
  await page.fill("textarea[name=reason]", "seen it before");
}

it("adds a passkey that stays on the device, lists it, and takes it away again", async (test) => {
  const page = await visit(test);
  const device = await plugIn(page);

  await addPasskey(page);

  expect(await page.textContent(".flash")).toContain("Added.");
  const [passkey] = await device.passkeys();
  expect(passkey).toMatchObject({ isResidentCredential: true, rpId: "localhost" });
  expect(await stored.store.passkeys.list("ana")).toMatchObject([
    { name: "the blue one", site: "localhost", transports: ["internal"], usedAt: null },
  ]);
  expect(await page.textContent("section[aria-label=Passkeys] tbody")).toContain("the blue one");
  await page.click("button:has-text('Remove')");
  await page.waitForSelector("text=Removed, and other sessions");
  expect(await stored.store.passkeys.list("ana")).toEqual([]);
  expect(stored.kinds().slice(-2)).toEqual(["passkey.added", "passkey.removed"]);
  expect(lab.errors).toEqual([]);
});

it("adds no second passkey to the same device, and says why", async (test) => {
  const page = await visit(test);
  await plugIn(page);
  await addPasskey(page);

  await page.click("text='Add a passkey'");

  await page.waitForSelector("text=This device has a passkey of yours already.");
  expect(await stored.store.passkeys.list("ana")).toHaveLength(1);
});

it("signs in with it, without a link, and goes on to the page that was asked for", async (test) => {
  const page = await visit(test);
  await plugIn(page);
  await addPasskey(page);
  putHighRisk();
  // A page that is open would notice, and load itself again meanwhile.
  await page.goto("about:blank");
  await page.context().clearCookies();

  await page.goto(`${base}/incidents/inc_nginx`);
  expect(await page.textContent("h1")).toBe("Please sign in");
  await page.click("text='Sign in with a passkey'");

  await page.waitForSelector("text=What is wrong");
  expect(page.url()).toBe(`${base}/incidents/inc_nginx`);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ value: "session-by-passkey-0000", httpOnly: true });
  expect(lab.errors).toEqual([]);
});

it("T07 approves high risk with the typed code, a reason and the passkey", async (test) => {
  const page = await visit(test);
  await plugIn(page);
  await addPasskey(page);
  const request = putHighRisk();
  await page.goto(`${base}/incidents/inc_nginx`);

  await fillIn(page, request.planCode);
  await page.click("text='Approve this high-risk action with your passkey'");

  await page.waitForSelector("text=Approved. It is about to run.");
  const [passkey] = await stored.store.passkeys.list("ana");
  expect(lab.decisions).toMatchObject([
    { via: "typed", reason: "seen it before", digest: request.digest, passkey: passkey?.id },
  ]);
  expect(passkey).toMatchObject({ counter: 2 });
  expect(lab.errors).toEqual([]);
});

it("T07 decides nothing where the owner of the device is not there, and keeps what was typed", async (test) => {
  const page = await visit(test);
  const device = await plugIn(page);
  await addPasskey(page);
  const request = putHighRisk();
  await page.goto(`${base}/incidents/inc_nginx`);
  await device.refuse();

  await fillIn(page, request.planCode);
  await page.click("text='Approve this high-risk action with your passkey'");

  await page.waitForSelector("text=The passkey was not used");
  expect(await page.inputValue("textarea[name=reason]")).toBe("seen it before");
  expect(lab.decisions).toEqual([]);
});

it("can be used by keyboard alone, at phone width, without scrolling sideways", async (test) => {
  const page = await visit(test, { width: 360 });
  await plugIn(page);
  await page.goto(`${base}/sessions`);
  const wide = await page.evaluate(OVERFLOW);
  await page.focus("#passkey-name");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Added.");
  const request = putHighRisk();
  await page.goto(`${base}/incidents/inc_nginx`);

  await page.focus("input[name=typed_code]");
  await page.keyboard.type(request.planCode);
  await page.keyboard.press("Tab");
  await page.keyboard.type("by keyboard");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");

  await page.waitForSelector("text=Approved. It is about to run.");
  expect(lab.decisions).toMatchObject([{ reason: "by keyboard", via: "typed" }]);
  expect([wide, await page.evaluate(OVERFLOW)]).toEqual([0, 0]);
  expect(lab.errors).toEqual([]);
});

it("T07 without JavaScript says that a passkey takes it, and is refused", async (test) => {
  await stored.store.passkeys.add(aPasskey());
  const page = await visit(test, { hasScript: false });
  const request = putHighRisk();
  lab.ruling = ({ passkey }) => ({ outcome: passkey ? "approved" : "must_prove", request });
  await page.goto(`${base}/incidents/inc_nginx`);
  expect(await page.textContent(".decide")).toContain("A passkey takes JavaScript.");

  await fillIn(page, request.planCode);
  await page.click("text='Approve this high-risk action with your passkey'");

  await page.waitForSelector("text=This one takes a passkey of yours, too");
  expect(lab.decisions).toMatchObject([{ via: "typed" }]);
});

it("T14 a passkey of this console can't be used from a page of another origin", async (test) => {
  const page = await visit(test);
  await plugIn(page);
  await addPasskey(page);
  const elsewhere = await listen(() => lab);
  const other = `http://localhost:${elsewhere.port}`;

  await page.goto(`${other}/signed-out`);
  const answer = await page.evaluate(ANSWER_A_CHALLENGE);
  await page.goto(`${base}/signed-out`);
  const response = await page.request.post(`${base}/sign-in`, {
    form: { passkey: answer as string, to: "/" },
    headers: { origin: base, "sec-fetch-site": "same-origin" },
  });
  elsewhere.close();

  expect(response.status()).toBe(403);
  expect(lab.warnings).toContain("a passkey was refused");
});

const OVERFLOW = "document.documentElement.scrollWidth - innerWidth";

/** What a page that passes challenges on would do: the challenge is real, the page is not. */
const ANSWER_A_CHALLENGE = `(async () => {
  const asked = await fetch("/sign-in/challenge", { method: "POST", body: new URLSearchParams() });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await asked.json());
  return JSON.stringify(await navigator.credentials.get({ publicKey }));
})()`;
