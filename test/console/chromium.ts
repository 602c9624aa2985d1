import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import type { TestContext } from "vitest";
import { afterAll, vi } from "vitest";
import type { Lab } from "./lab.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --host-resolver-rules=MAP(space)console.test(space)127.0.0.1"
    .split(" ")
    .map((flag) => flag.replaceAll("(space)", " "));

// A browser shares the machine with the other tests.
vi.setConfig({ testTimeout: 60_000 });

let browser: Browser | null = null;
afterAll(() => browser?.close());

/** The one browser of a test file; skips the test by name where there is none. */
export async function browserFor(test: TestContext): Promise<Browser> {
  if (!existsSync(CHROMIUM)) test.skip(`${CHROMIUM} is missing`);
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  return browser;
}

/** Serves what `lab` is at the time of each request; it may be made once the port is known. */
export async function listen(lab: () => Lab): Promise<{ port: number; close(): void }> {
  return await new Promise((resolve) => {
    const server = serve(
      {
        fetch: (request, env) => lab().console.app.fetch(request, env),
        port: 0,
        hostname: "127.0.0.1",
      },
      ({ port }: AddressInfo) =>
        resolve({
          port,
          close() {
            if ("closeAllConnections" in server) server.closeAllConnections();
            server.close();
          },
        }),
    );
  });
}

/** A device that shows its owner without being asked, plugged into this page. */
export async function plugIn(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async passkeys() {
      return (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
    },
    /** What it does when its owner is asked, and is not there. */
    async refuse() {
      await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    },
    remove: () => devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
  };
}
