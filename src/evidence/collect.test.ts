import { expect, it } from "vitest";
import { collect } from "./collect.ts";

const now = () => new Date("2026-03-01T03:00:00Z");
const ask = (title: string, answer: () => Promise<string>) => ({
  kind: "probe" as const,
  title,
  ask: answer,
});

it("T73 shows what fails, throws or hangs as missing, and lets nobody else wait for it", async () => {
  const start = performance.now();
  const items = await collect(
    [
      ask("quick", () => Promise.resolve("42")),
      ask("failed", () => Promise.reject(new Error("the source is down"))),
      ask("thrown", () => {
        throw new Error("a bug");
      }),
      ask("no error at all", () => Promise.reject("just text")),
      ask("hangs", () => new Promise(() => undefined)),
      ask("too late", () => new Promise((_, reject) => setTimeout(reject, 150, new Error("late")))),
    ],
    { deadlineMs: 100, now },
  );

  expect(performance.now() - start).toBeLessThan(1_000);
  expect(items.map(({ title, status, text }) => [title, status, text])).toEqual([
    ["quick", "found", "42"],
    ["failed", "missing", "the source is down"],
    ["thrown", "missing", "a bug"],
    ["no error at all", "missing", "just text"],
    ["hangs", "missing", "no answer within 0.1 s"],
    ["too late", "missing", "no answer within 0.1 s"],
  ]);
  // The late rejection has nobody left to tell; it must not end the process.
  await new Promise((resolve) => setTimeout(resolve, 100));
});

it("T33 takes secrets out, bounds what is long, and never cuts a character in two", async () => {
  const [secret, long] = await collect(
    [
      ask("secret", () => Promise.reject(new Error("GET http://x:hunter22@y failed"))),
      ask("long", () => Promise.resolve("❗🟡".repeat(100_000))),
    ],
    { deadlineMs: 100, now },
  );

  expect(secret?.text).toBe("GET http://x:[redacted]@y failed");
  expect(long?.text.length).toBeLessThan(2_020);
  expect(long?.text).toMatch(/ … \(cut\)$/);
  expect(JSON.stringify(long?.text)).not.toMatch(/\\ud[89a-f]/);
});
