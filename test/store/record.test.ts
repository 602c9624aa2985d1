import { describe, expect, it } from "vitest";
import { createLab, MINUTE } from "./lab.ts";

/** Somebody who has the file and knows SQL. */
async function tampered(sql: string, ...values: unknown[]) {
  const lab = createLab();
  for (let i = 0; i < 3; i += 1) {
    await lab.propose();
    lab.pass(MINUTE);
  }
  const before = await lab.store.record.verify();
  lab.raw.exec("DROP TRIGGER record_rows_stay; DROP TRIGGER record_rows_remain");
  lab.raw.prepare(sql).run(...values);
  return { before, after: await lab.store.record.verify() };
}

describe("the record", () => {
  it("P9 holds every change in an unbroken chain, whose head moves with each", async () => {
    const lab = createLab();
    const heads = new Set([(await lab.store.record.verify()).head]);
    await lab.propose();
    heads.add((await lab.store.record.verify()).head);

    expect(lab.kinds()).toEqual([
      "record.begun",
      "incident.opened",
      "alert.fired",
      "request.proposed",
      "request.pending",
    ]);
    expect(await lab.store.record.verify()).toMatchObject({ entries: 5, firstBroken: null });
    expect(heads.size).toBe(2);
  });

  it.each([
    ["UPDATE record SET kind = 'other' WHERE seq = 1"],
    ["DELETE FROM record WHERE seq = 1"],
    ["DELETE FROM record"],
    ["INSERT OR REPLACE INTO record SELECT * FROM record WHERE seq = 1"],
  ])("T71 can't be changed by %s", (sql) => {
    const lab = createLab();

    expect(() => lab.raw.exec(sql)).toThrow();
    expect(lab.count("record")).toBe(1);
  });

  it.each([
    ["its event", "UPDATE record SET event = replace(event, 'WebDown', 'WebUp') WHERE seq = ?"],
    ["its time", "UPDATE record SET at = at + 1 WHERE seq = ?"],
    ["its kind", "UPDATE record SET kind = 'alert.missed' WHERE seq = ?"],
    ["its incident", "UPDATE record SET incident_id = 'inc_0' WHERE seq = ?"],
    ["its hash", "UPDATE record SET hash = upper(hash) WHERE seq = ?"],
    ["all of it", "DELETE FROM record WHERE seq = ?"],
    ["its place", "UPDATE record SET seq = 1000 WHERE seq = ?"],
    ["its event, which is no JSON any more", "UPDATE record SET event = '{' WHERE seq = ?"],
  ])("T71 names the row when somebody changed %s", async (_, sql) => {
    const { before, after } = await tampered(sql, 7);

    expect(before.firstBroken).toBeNull();
    expect(after.firstBroken).toBe(7);
  });

  it("T71 shows a tail cut by its head and its length", async () => {
    const { before, after } = await tampered("DELETE FROM record WHERE seq > ?", 9);

    expect(after.entries).toBe(9);
    expect(after.head).not.toBe(before.head);
  });

  it("can't be written outside the transaction of what it records", async () => {
    const { store, count } = createLab();
    const event = { kind: "x.y", actor: "ana", incidentId: null, data: {} };

    await expect(store.record.append(event)).rejects.toThrow("outside its transaction");
    expect(count("record")).toBe(1);
  });

  it("begins once, with an id that no other installation has", () => {
    const lab = createLab();
    lab.open().close();
    const other = createLab();
    const begun = (one: typeof lab) => one.raw.prepare("SELECT event FROM record").pluck().all();

    expect(begun(lab)).toHaveLength(1);
    expect(begun(lab)).not.toEqual(begun(other));
  });

  it("no record, no change: what can't be recorded does not happen", async () => {
    const lab = createLab();
    const request = await lab.propose({ state: "approved" });
    lab.raw.exec(
      "CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'full'); END",
    );

    await expect(lab.store.executions.claim(request, MINUTE, () => null)).rejects.toThrow("full");
    await expect(lab.store.switches.enable("ana")).rejects.toThrow("full");
    expect(lab.count("executions")).toBe(0);
    expect(await lab.store.switches.autohealing()).toMatchObject({ isOn: false });
    expect(await lab.store.requests.find(request.id)).toMatchObject({ state: "approved" });
  });
});
