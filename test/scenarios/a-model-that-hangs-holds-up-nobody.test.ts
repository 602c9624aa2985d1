import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createProgram, testAlert } from "../harness.ts";

it("T21 takes alerts and offers fixes while a model does not answer at all", async () => {
  let asked = 0;
  const model = createServer(() => {
    asked += 1;
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => model.once("listening", resolve));
  onTestFinished(() => {
    model.closeAllConnections();
    model.close();
  });
  const program = await createProgram({
    env: {
      LLM_PROVIDER: "openai",
      LLM_MODEL: "slow",
      OPENAI_API_KEY: "a-key-of-the-test",
      OPENAI_BASE_URL: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
      LLM_TIMEOUT_SECONDS: "3600",
    },
  });
  await program.start();

  const first = await program.raise(testAlert("critical", { n: "first" }));
  await program.untilRequest(first, "pending");
  await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(0);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => program.fire(testAlert("critical", { n: `${n}` }))),
  );
  const last = await program.raise(testAlert("critical", { n: "last" }));
  const request = await program.untilRequest(last, "pending");

  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
  expect(request.state).toBe("pending");
});
