import { describe, expect, it } from "vitest";
import { BARE_LOOP, COUNTERSIGN, measure } from "../../bench/intake.ts";
import { havePeer } from "../peers.ts";

const SHORT = { warmSeconds: 3, seconds: 3 };

// Of the processor's time only, and with a wide margin: the rate of a busy machine says nothing. `npm run bench` has both.
describe.skipIf(!havePeer("wrk"))("the intake beside a bare loop of its stack", () => {
  it("is not far off, and keeps every alert it acknowledged", { timeout: 120_000 }, async () => {
    const ours = await measure(COUNTERSIGN, 64, SHORT);
    const bare = await measure(BARE_LOOP, 64, SHORT);

    expect(ours).toMatchObject({ refused: 0, broken: 0 });
    expect(ours.processorMicros / bare.processorMicros).toBeLessThan(50);
  });
});
