import { defineConfig } from "vitest/config";

/** The tests that `npm run mutants` holds the verdicts against: quick ones, in one process. */
export default defineConfig({
  test: {
    include: [
      "src/remediation/assess.test.ts",
      "test/approval.test.ts",
      "test/responder/*.test.ts",
    ],
    environment: "node",
    restoreMocks: true,
    expect: { requireAssertions: true },
  },
});
