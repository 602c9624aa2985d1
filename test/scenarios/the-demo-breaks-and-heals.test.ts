import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { createConsoleClient } from "./console-client.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

it("shows a whole incident in under a minute: a service dies, a person approves, it recovers", async () => {
  const demo = spawn(process.execPath, ["--import", "tsx", "demo/main.ts"], { cwd: ROOT });
  onTestFinished(() => void demo.kill("SIGKILL"));
  let said = "";
  demo.stdout.on("data", (chunk) => {
    said += String(chunk);
  });
  const untilSaid = async (words: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = words.exec(said);
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const [, link = ""] = await untilSaid(/(http:\S+\/sign-in\/\S+)\n/);
  const owner = await createConsoleClient(new URL(link).origin, new URL(link).pathname);
  const [, incident = ""] = await untilSaid(/in the console \((inc_\w+)\)/);
  await untilSaid(/press Approve/);
  const page = `/incidents/${incident}`;
  while (!(await owner.open(page)).forms.some(({ button }) => button === "Approve")) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await owner.approve(incident);
  await untilSaid(/The alert resolved/);
  demo.kill("SIGINT");
  const [code] = await once(demo, "exit");

  expect(code).toBe(0);
  expect(said).toMatch(/shop has just died[\s\S]*card is in the console[\s\S]*shop answers again/);
}, 60_000);
