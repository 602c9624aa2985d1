import { checkSlack } from "../chat/slack-check.ts";
import { checkTelegram } from "../chat/telegram-check.ts";
import { typedIn } from "../chat/wording.ts";
import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import { checkModel } from "../diagnosis/readiness.ts";
import { createPrometheus } from "../evidence/prometheus.ts";
import type { SourceAccess } from "../evidence/source.ts";
import { createExecutors, openCatalogue } from "../executors.ts";
import { createModels } from "../models.ts";
import { inertKeys } from "../remediation/inert-keys.ts";
import type { Kpi } from "../remediation/kpi.ts";
import type { Policy } from "../remediation/policy.ts";
import type { Runbook } from "../remediation/runbook.ts";
import { uncoveredAlerts } from "../remediation/uncovered-alerts.ts";
import type { Watch } from "../remediation/watch.ts";
import { checkSandbox } from "../sandbox.ts";
import { createSources } from "../sources.ts";

import type { CliCommand } from "./command.ts";
import { print } from "./output.ts";

const NAMES_SHOWN = 20;

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What this command may do says nothing about another user. */
const ELSEWHERE: Finding = {
  name: "executor",
  ok: true,
  detail: "runs as a process of its own; `countersign health` says how it is",
};

export const check: CliCommand = {
  name: "check",
  usage: "check [--json]",
  summary: "Validates settings, runbooks, policy and every configured connection",
  options: { json: { type: "boolean" } },
  maxWords: 0,
  async run({ options }) {
    const config = loadConfig();
    const executors = createExecutors(config);
    const { runbooks, policy, kpis, watches, problems } = openCatalogue(config, executors).read();
    const { prometheus, telegram, slack, llm } = config;
    const inventory = policy?.targets ?? [];
    const connections = [
      ...(telegram === null
        ? []
        : [["telegram", { check: () => checkTelegram(telegram) }] as const]),
      ...(slack === null ? [] : [["slack", { check: () => checkSlack(slack) }] as const]),
      ...Object.entries(createSources(config)).flatMap(([name, source]) =>
        source === null ? [] : [[name, source] as const],
      ),
      ...(llm === null ? [] : modelsToAsk(llm)),
      ...[...executors].filter(
        ([name]) =>
          !config.isExecutorSeparate && inventory.some(({ executor }) => executor === name),
      ),
    ];
    const findings: Finding[] = [
      { name: "settings", ok: true, detail: "valid" },
      { name: "sandbox", ok: true, detail: `of this command: ${checkSandbox(false)}` },
      ...(config.isExecutorSeparate ? [ELSEWHERE] : []),
      ...config.notes.map((detail) => ({ name: "settings", ok: true, detail })),
      ...inertKeys(policy).map((detail) => ({
        name: "runbooks",
        ok: true,
        detail,
      })),
      ...(problems.length === 0
        ? [{ name: "runbooks", ok: true, detail: `${runbooks.length} loaded, policy valid` }]
        : problems.map(({ file, line, message }) => ({
            name: "runbooks",
            ok: false,
            detail: `${file}:${line}: ${message}`,
          }))),
      ...(await Promise.all(connections.map(ask))),
      ...(policy === null ? [] : lookForDeciders(policy, { telegram, slack })),
      ...(prometheus === null ? [] : await lookForUncovered(prometheus, runbooks)),
      ...(await Promise.all(kpis.map((kpi) => lookAtKpi(prometheus, kpi)))),
      ...(await Promise.all((watches ?? []).map((watch) => lookAtWatch(prometheus, watch)))),
    ];
    const isFine = findings.every(({ ok }) => ok);
    print({ ok: isFine, findings }, options.json === true, () =>
      findings
        .map(({ name, ok, detail }) => `${ok ? "ok    " : "wrong "} ${name}: ${detail}`)
        .join("\n"),
    );
    return isFine;
  },
};

function modelsToAsk(llm: NonNullable<Config["llm"]>) {
  const { main, triage } = createModels(llm, new Date());
  return [main, ...(triage === null ? [] : [triage])].map(
    (priced) => ["model", { check: () => checkModel(priced, new Date()) }] as const,
  );
}

/** Not wrong: the console decides, too. But whoever presses there would be refused. */
function lookForDeciders(
  { people }: Policy,
  chats: Readonly<Record<"telegram" | "slack", unknown>>,
): Finding[] {
  const unheard = (["telegram", "slack"] as const).filter(
    (chat) => chats[chat] !== null && people.every(({ accounts }) => accounts[chat].length === 0),
  );
  return unheard.map((chat) => ({
    name: chat,
    ok: true,
    detail: `nobody can decide there yet: write ${typedIn("/whoami", chat)} in it and put the id into ${chat.toUpperCase()}_ADMIN_IDS, or under people in policy.yaml`,
  }));
}

/** Not wrong, but somebody may wait for a card with a fix that can't come. */
async function lookForUncovered(
  prometheus: SourceAccess,
  runbooks: readonly Runbook[],
): Promise<Finding[]> {
  try {
    const names = uncoveredAlerts(await createPrometheus(prometheus).alertNames(), runbooks);
    if (names.length === 0) return [];
    const shown = names.slice(0, NAMES_SHOWN).join(", ");
    const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : "";
    const detail = `no runbook is written for the alerts ${shown}${more}: their cards come without a fix. To offer one, add a file to the runbook folder with match: {alertname: ${names[0]}}`;
    return [{ name: "rules", ok: true, detail }];
  } catch {
    // That Prometheus does not answer is said above.
    return [];
  }
}

/** A query that is refused is wrong; one that gives nothing may have nothing to count just now. */
async function lookAtKpi(prometheus: SourceAccess | null, { id, promql }: Kpi): Promise<Finding> {
  const name = `kpi ${id}`;
  if (prometheus === null) return { name, ok: true, detail: "is not asked without PROMETHEUS_URL" };
  return await ask([
    name,
    {
      async check() {
        const [first, ...others] = await createPrometheus(prometheus).query(promql);
        if (first === undefined) return "gives nothing now";
        return `gives ${first.value}${others.length > 0 ? ` and ${others.length} more series` : ""}`;
      },
    },
  ]);
}

async function lookAtWatch(
  prometheus: SourceAccess | null,
  { name: watch, promql }: Watch,
): Promise<Finding> {
  const name = `watch ${watch}`;
  if (prometheus === null) return { name, ok: true, detail: "waits for PROMETHEUS_URL" };
  const { query } = createPrometheus(prometheus);
  return await ask([name, { check: async () => `${(await query(promql)).length} series now` }]);
}

async function ask([name, peer]: readonly [
  string,
  { check(): Promise<string> },
]): Promise<Finding> {
  try {
    return { name, ok: true, detail: await peer.check() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
