import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { auditExport } from "../src/cli/audit-export.ts";
import { auditVerify } from "../src/cli/audit-verify.ts";
import { createLab, HOUR, MINUTE } from "./store/lab.ts";

/** A record with some history, and the commands of a terminal opened in its folder. */
async function recorded() {
  const lab = createLab();
  for (let i = 0; i < 3; i += 1) {
    await lab.propose();
    lab.pass(MINUTE);
  }
  const folder = dirname(lab.path);
  vi.stubEnv("DATABASE_URL", `sqlite:${lab.path}`);
  let printed = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  async function verify(...anchor: string[]) {
    printed = "";
    const isWhole = await auditVerify.run({ words: [], options: { anchor } });
    return { isWhole, printed };
  }
  let exports = 0;
  async function exportTo(options: { since?: string } = {}) {
    exports += 1;
    const out = join(folder, `record-${exports}.jsonl`);
    await auditExport.run({ words: [], options: { ...options, out } });
    return out;
  }
  const script = join(folder, "verify-export.mjs");
  const [, source] =
    /```js\n(\/\/ verify-export\.mjs.*?)```/s.exec(readFileSync("docs/record.md", "utf8")) ?? [];
  writeFileSync(script, source ?? "");
  function checkOffline(file: string, ...anchor: string[]) {
    const run = spawnSync(process.execPath, [script, file, ...anchor], { encoding: "utf8" });
    return { status: run.status, said: run.stdout.trim() };
  }
  /** Somebody who has the file and knows SQL. */
  function forge(sql: string): void {
    lab.raw.exec("DROP TRIGGER record_rows_stay; DROP TRIGGER record_rows_remain");
    lab.raw.exec(sql);
  }
  const head = async () => {
    const { seq, hash } = await lab.store.record.head();
    return `${seq}:${hash}`;
  };
  return { lab, verify, exportTo, checkOffline, forge, head, stdout };
}

it("T71 an anchor shows a tail that was cut off, which the chain alone can't", async () => {
  const { verify, forge, head } = await recorded();
  const anchor = await head();
  const before = await verify(anchor);
  const short = await verify(anchor.slice(0, anchor.indexOf(":") + 13));
  forge("DELETE FROM record WHERE seq > 9");

  const without = await verify();
  const after = await verify(anchor);

  expect([before.isWhole, short.isWhole, without.isWhole]).toEqual([true, true, true]);
  expect(after.isWhole).toBe(false);
  expect(after.printed).toContain("was cut: it ends at entry 9");
});

it("T71 the last anchor is compared without being asked for", async () => {
  const { lab, verify, forge } = await recorded();
  await lab.store.record.anchored(await lab.store.record.head());
  forge("DELETE FROM record WHERE seq > 9");

  expect((await verify()).isWhole).toBe(false);
});

it("T71 an anchor shows a chain that was written anew to its end", async () => {
  const { verify, head } = await recorded();
  const anchor = await head();
  const other = await recorded();
  const [seq] = anchor.split(":");

  const found = await other.verify(anchor);

  expect((await other.verify()).isWhole).toBe(true);
  expect(found.printed).toContain(`entry ${seq} is not the one`);
  expect((await verify(anchor)).isWhole).toBe(false);
});

it.each(["12", "12:xyz", "0:abcdefabcdef", "5:abc"])("refuses %s for an anchor", async (text) => {
  const { verify } = await recorded();

  await expect(verify(text)).rejects.toThrow("--anchor");
});

it("T71 an export verifies with the script of the manual, whole or from a date, with an anchor", async () => {
  const { lab, exportTo, checkOffline, head } = await recorded();
  lab.pass(HOUR);
  const since = lab.now().toISOString();
  await lab.propose();

  const whole = checkOffline(await exportTo(), await head());
  const part = checkOffline(await exportTo({ since }));

  expect(whole).toEqual({
    status: 0,
    said: `whole: entries 1 to 17, 0 withheld, head ${await head()}`,
  });
  expect(part).toEqual({
    status: 0,
    said: `whole: entries 14 to 17, 0 withheld, head ${await head()}`,
  });
});

it.each([
  ["an entry that was changed", (t: string) => t.replace("WebDown", "WebUp"), "broken at entry 2"],
  ["an entry that is missing", (t: string) => t.replace(/\{"seq":7,.*\n/, ""), "broken at entry 7"],
  ["its end missing", (t: string) => t.split("\n").slice(0, 8).join("\n"), "cut: "],
])("T71 an export with %s does not verify", async (_, tamper, said) => {
  const { exportTo, checkOffline } = await recorded();
  const file = await exportTo();
  writeFileSync(file, tamper(readFileSync(file, "utf8")));

  const found = checkOffline(file);

  expect(found.status).toBe(1);
  expect(found.said).toContain(said);
});

it("T71 an export of a forged record does not verify, also where the forger wrote what looks like a secret", async () => {
  const { exportTo, checkOffline, forge } = await recorded();
  forge(`UPDATE record SET event = replace(event, 'WebDown', 'password=hunter22') WHERE seq = 3`);

  expect(checkOffline(await exportTo())).toMatchObject({ status: 1, said: "broken at entry 3" });
});

it("T80 T33 no secret enters the record, so none leaves it", async () => {
  const { lab, exportTo, checkOffline } = await recorded();
  const canary = "ghp_canarycanarycanarycanary1234";
  await lab.fire({ alertname: `Token ${canary}`, instance: `https://ana:${canary}@web` });
  const request = await lab.propose();
  await lab.store.requests.end(request.id, "cancelled", `because of password=${canary}`);

  const file = await exportTo();

  expect(readFileSync(file, "utf8")).toContain("[redacted]");
  expect(readFileSync(file, "utf8")).not.toContain("canary");
  expect(lab.count("record", "event LIKE '%canary%'")).toBe(0);
  expect(checkOffline(file).said).toContain(" 0 withheld");
});

it("T80 withholds a secret that was recorded before it was known for one, and verifies all the same", async () => {
  const { lab, exportTo, checkOffline, verify } = await recorded();
  const canary = "ghp_canarycanarycanarycanary1234";
  const naive = lab.open(false, { redact: (text) => text });
  await naive.refusals.note({ reason: canary, channel: "console", chat: "1", accountId: "ana" });
  naive.close();
  await lab.propose();

  const file = await exportTo();

  expect((await verify()).isWhole).toBe(true);
  expect(readFileSync(file, "utf8")).not.toContain("canary");
  expect(checkOffline(file)).toMatchObject({ status: 0 });
  expect(checkOffline(file).said).toContain(" 1 withheld");
});

it("writes over no file, and for the owner alone", async () => {
  const { exportTo, lab } = await recorded();
  const out = await exportTo();
  const { statSync } = await import("node:fs");

  expect(statSync(out).mode & 0o777).toBe(0o600);
  await expect(auditExport.run({ words: [], options: { out } })).rejects.toThrow(
    "is there already",
  );
  expect(lab.count("record")).toBeGreaterThan(0);
});
