import type { Page } from "playwright-core";
import type { TestContext } from "vitest";
import { expect, it, onTestFinished, vi } from "vitest";
import { browserFor, plugIn } from "../console/chromium.ts";
import type { Program } from "../harness.ts";
import { createProgram } from "../harness.ts";
import { boxStuck, installBox, TWO_PEOPLE } from "./box.ts";

// A program and browsers share the machine with the other tests.
vi.setConfig({ testTimeout: 120_000 });

/** A browser of its own, signed in by a link from the machine. */
async function signIn(test: TestContext, program: Program, person: string): Promise<Page> {
  const browser = await browserFor(test);
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const { stdout } = await program.command(["sign-in", person]);
  await page.goto(/Console sign-in: (\S+)/.exec(stdout)?.[1] ?? "");
  await page.click("button.approve");
  await page.waitForSelector("text=You are signed in.");
  return page;
}

async function start(risk: "medium" | "high") {
  const program = await createProgram({ policy: TWO_PEOPLE });
  const box = installBox(program, { risk });
  const base = `http://localhost:${program.port}`;
  await program.start({ COUNTERSIGN_PUBLIC_URL: base });
  return { program, box, base };
}

it("T49 P3 two browsers that approve at once make one run, and the slower is told", async (test) => {
  const { program, box, base } = await start("medium");
  const pages = [await signIn(test, program, "ana"), await signIn(test, program, "ben")];
  const incident = await program.raise(boxStuck());
  const { planCode } = await program.untilRequest(incident, "pending");
  const button = `#approve-${planCode}`;
  for (const page of pages) {
    await page.goto(`${base}/incidents/${incident}`);
    await page.waitForSelector(`${button}:not([inert] *)`);
  }

  await Promise.all(pages.map((page) => page.click(button)));
  const told = await Promise.all(pages.map((page) => page.textContent(".flash")));
  const { votes } = await program.untilRequest(incident, "succeeded");

  expect(told.sort()).toEqual([
    "Approved. It is about to run.",
    "This was decided before you; nothing changed.",
  ]);
  expect(votes).toHaveLength(1);
  expect(box.runs()).toEqual(["ran"]);
});

it("T07 P6 high risk takes the passkey of who has one, and the record names it", async (test) => {
  const { program, box, base } = await start("high");
  const ana = await signIn(test, program, "ana");
  const ben = await signIn(test, program, "ben");
  await plugIn(ana);
  await ana.goto(`${base}/sessions`);
  await ana.click("text='Add a passkey'");
  await ana.waitForSelector("text=Added.");
  const incident = await program.raise(boxStuck());
  const { planCode } = await program.untilRequest(incident, "pending");

  await ana.goto(`${base}/command`);
  await ana.fill("#text", `/approve ${planCode} by command`);
  await ana.click("text='Send'");
  const byCommand = await ana.textContent(".answer");
  for (const page of [ana, ben]) {
    await page.goto(`${base}/incidents/${incident}`);
    await page.fill("input[name=typed_code]", planCode);
    await page.fill("textarea[name=reason]", "looked at it");
    await page.click("form.typed button.approve");
    await page.waitForSelector(".flash");
  }
  const { votes } = await program.untilRequest(incident, "succeeded");
  const { timeline } = await program.story(incident);
  const texts = timeline.map(({ text }) => text);

  expect(byCommand).toContain("passkey");
  expect(votes.map(({ person }) => person)).toEqual(["ana", "ben"]);
  expect(texts).toContain(
    "ana approved in the console with a passkey: looked at it; one more person is needed",
  );
  expect(texts).toContain("ben approved in the console: looked at it");
  expect(texts).toContain("ana tried to approve in the console: refused, must prove");
  expect(box.runs()).toEqual(["ran"]);
  expect(await program.audit()).toMatchObject({ ok: true });
});
