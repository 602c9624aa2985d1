import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { promqlFlaw } from "../../src/evidence/promql.ts";
import { createExecutors, openCatalogue } from "../../src/executors.ts";
import { classifyArgv } from "../../src/remediation/classify.ts";
import type { Runbook, Whitelist } from "../../src/remediation/runbook.ts";
import { isFallback } from "../../src/remediation/runbook.ts";
import { sampleOf, sampleQuery } from "../../src/remediation/sample.ts";
import { sharedAlerts } from "../../src/remediation/shared-alerts.ts";
import { uncoveredAlerts } from "../../src/remediation/uncovered-alerts.ts";

const README = "runbooks/README.md";
const FRAME = /(?<=<!-- library -->\n)[\s\S]*?(?=<!-- \/library -->)/;

let shipped: Whitelist;
/** All but the test of the whole way and the one for alerts that no runbook was written for. */
let library: readonly Runbook[];

beforeAll(() => {
  const config = readConfig({});
  shipped = openCatalogue(config, createExecutors(config)).read();
  library = shipped.runbooks.filter(
    (runbook) => runbook.id !== "test-alert" && !isFallback(runbook),
  );
});

describe("the library of runbooks", () => {
  it("loads whole, and is one", () => {
    expect(shipped.problems).toEqual([]);
    expect(library.length).toBeGreaterThanOrEqual(40);
  });

  it("has prose for a person at night: what it means, where to look, what to do, when it is over", () => {
    const lacking = library.flatMap(({ id, title, body }) => {
      const parts = new Map(
        body.split(/^## /m).map((part) => {
          const [name = "", ...lines] = part.split("\n");
          return [name, lines.join("\n").trim()] as const;
        }),
      );
      const has = (name: RegExp) =>
        [...parts].some(([part, text]) => name.test(part) && text.length > 60);
      return [
        ...(has(new RegExp(`^# ${escaped(title)}$`)) ? [] : ["what it means"]),
        ...(has(/^Look first$/) ? [] : ["Look first"]),
        ...(has(/^What to do$|^If (?:it|the restart) did not help$/) ? [] : ["What to do"]),
        ...(has(/^When it is over$/) ? [] : ["When it is over"]),
      ].map((part) => `${id}: ${part}`);
    });

    expect(lacking).toEqual([]);
  });

  it("names commands to copy in each", () => {
    const without = library.filter(({ body }) => !/`[a-z][^`\n]* [^`\n]+`/.test(body));

    expect(without.map(({ id }) => id)).toEqual([]);
  });

  it("links only to what is there", () => {
    const headings = new Map(
      shipped.runbooks.map(({ id, body }) => [
        `${id}.md`,
        [...body.matchAll(/^#+ (.*)$/gm)].map(([, name = ""]) => anchorOf(name)),
      ]),
    );
    const broken = library.flatMap(({ id, body }) =>
      [...body.matchAll(/\]\((?<file>[\w-]+\.md)(?:#(?<anchor>[\w-]+))?\)/g)].flatMap((link) => {
        const { file = "", anchor } = link.groups ?? {};
        const known = headings.get(file);
        const isThere = known !== undefined && (anchor === undefined || known.includes(anchor));
        return isThere ? [] : [`${id}: ${file}#${anchor}`];
      }),
    );

    expect(broken).toEqual([]);
  });

  it("asks only what Prometheus's grammar reads", () => {
    const flaws = library.flatMap(({ id, params, evidence }) =>
      evidence.flatMap(({ id: item, promql }) => {
        if (promql === undefined) return [];
        const asked = sampleQuery(promql, params);
        const flaw = asked === null ? "has no sample" : promqlFlaw(asked);
        return flaw === null ? [] : [`${id}/${item}: ${flaw}`];
      }),
    );

    expect(flaws).toEqual([]);
    expect(library.filter(({ evidence }) => !evidence.some(({ promql }) => promql))).toEqual([]);
  });

  it("looks at something itself in each, with commands rated low only", () => {
    const without = library.filter(({ evidence }) => !evidence.some(({ probe }) => probe));
    const rated = library.flatMap(({ id, params, evidence }) =>
      evidence.flatMap(({ id: item, probe }) => {
        if (probe?.executor !== "command") return [];
        const { argv } = sampleOf({ with: probe.with, params }) ?? {};
        const { verdict } = classifyArgv(argv as string[]);
        return verdict === "low" ? [] : [`${id}/${item}: ${verdict}`];
      }),
    );

    expect(without.map(({ id }) => id)).toEqual([]);
    expect(rated).toEqual([]);
  });

  it("writes each alert's name out, and has one runbook for each", () => {
    const names = library.flatMap(({ match }) => match.alertname ?? []);
    const texts = names.map(({ text }) => text);

    expect(library.filter(({ match }) => match.alertname === undefined)).toEqual([]);
    expect(names.filter(({ pattern }) => pattern !== null)).toEqual([]);
    expect(texts.filter((text, at) => texts.indexOf(text) !== at)).toEqual([]);
    expect(sharedAlerts(shipped.runbooks)).toEqual([]);
  });

  it("looks before it acts and sees whether it helped, wherever it offers something", () => {
    const blind = library.flatMap(({ id, actions }) =>
      actions
        .filter(({ precondition }) => precondition === undefined)
        .map((action) => `${id}/${action.id}`),
    );

    expect(blind).toEqual([]);
  });

  it.each([
    ["kube-prometheus", 125],
    ["awesome-prometheus-alerts", 200],
  ])("covers the alerts of %s", (name, atLeast) => {
    const names = readFileSync(`test/rules/${name}.txt`, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));

    expect(names.length).toBeGreaterThanOrEqual(atLeast);
    expect(uncoveredAlerts(names, shipped.runbooks)).toEqual([]);
  });

  // `npx vitest run test/rules/library.test.ts -u` writes it anew.
  it("stands in the README, all of it", async () => {
    const text = readFileSync(README, "utf8");

    expect(text).toMatch(FRAME);
    await expect(text.replace(FRAME, () => tableOf(library))).toMatchFileSnapshot(
      `../../${README}`,
    );
  });
});

function tableOf(runbooks: readonly Runbook[]): string {
  const rows = runbooks.map(({ id, title, match, actions }) => {
    const alerts = (match.alertname ?? []).map(({ text }) => `\`${text}\``).join(", ");
    const offers = actions.map((action) => `${action.title} (${action.risk})`).join("; ");
    return `| [${title}](${id}.md) | ${alerts} | ${offers || "–"} |\n`;
  });
  return `\n| Runbook | Alerts | Offers |\n|---|---|---|\n${rows.join("")}\n`;
}

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .replaceAll(" ", "-");
}

function escaped(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
