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
    // Nothing here is timed; a mutant that hangs is ended by Stryker.
    testTimeout: 30_000,
    restoreMocks: true,
    expect: { requireAssertions: true },
  },
});
