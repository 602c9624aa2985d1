import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startReceiver } from "./receiver.ts";

// biome-ignore lint/style/noProcessEnv: where the public data lies is no setting of the program
const folder = join(process.env.COUNTERSIGN_BENCH_DATA ?? "../shared/data", "alerts/payloads");
const isThere = existsSync(folder);
const files = isThere
  ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
      /\.json$/.test(file),
    )
  : [];

if (!isThere) it.skip(`skipped: no data at ${folder}`, () => undefined);

describe.skipIf(!isThere)("a body from the wild", () => {
  it.each(files)("%s is taken and adds up, or refused by the place that is wrong", async (file) => {
    const { post } = await startReceiver();
    const text = readFileSync(join(folder, file), "utf8");

    const first = await post(text);
    const second = await post(text);

    if (first.status !== 200) {
      expect(first.status).toBe(400);
      expect(first.body.problems?.[0]?.path ?? first.body.error).not.toBe("");
      return;
    }
    const { received, incidents } = first.body;
    expect(first.body.new + first.body.updated + first.body.deduplicated).toBe(received);
    expect(second.body).toMatchObject({ received, new: 0, updated: 0, deduplicated: received });
    expect(second.body.incidents.toSorted()).toEqual(incidents.toSorted());
  });

  it("all of them, one after the other and then all again, changes nothing the second time", async () => {
    const { post, count, pass } = await startReceiver();
    const texts = files.map((file) => readFileSync(join(folder, file), "utf8"));
    for (const text of texts) await post(text);
    const before = count("record");
    pass(60_000);
    const again = [];
    for (const text of texts) again.push(await post(text));

    expect(
      again.filter(({ status, body }) => status === 200 && body.new + body.updated > 0),
    ).toEqual([]);
    expect(count("record")).toBe(before);
  });
});
