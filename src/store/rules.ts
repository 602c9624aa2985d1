import type { RuleChange, RuleFile } from "../remediation/rule-change.ts";
import type { Changes } from "./changes.ts";
import type { Grants } from "./grants.ts";
import type { Notices } from "./notices.ts";
import type { Sqlite } from "./open.ts";
import type { Chain } from "./record.ts";
import type { Steps } from "./steps.ts";

/** What holds now: the plans that were made under anything else are void. */
export interface RulesNow {
  /** Null while the policy can't be read: nobody knows then what it will say. */
  readonly policyHash: string | null;
  readonly runbookHashes: readonly string[];
}

interface Tools {
  readonly record: Chain;
  readonly steps: Steps;
  readonly changes: Changes;
  readonly notices: Notices;
  readonly grants: Pick<Grants, "voidUnder">;
}

const CHANGED: Readonly<Record<string, string>> = {
  "policy.yaml": "policy.changed",
  "kpis.yaml": "kpis.changed",
  "watch.yaml": "watches.changed",
};

interface LivePlan {
  id: string;
  policy: string;
  runbook: string;
  runbookId: string;
}

/** The runbook folder as it was last seen, and what a change of it does to what was asked under the old one. */
export function createRules(
  sqlite: Sqlite,
  { record, steps, changes, notices, grants }: Tools,
  now: () => Date,
  end: (id: string, why: string) => boolean,
) {
  const all = sqlite.prepare<[], RuleFile>("SELECT name, sha256, text FROM rule_files");
  const put = sqlite.prepare<[string, string | null, string]>(
    `INSERT INTO rule_files (name, sha256, text) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, text = excluded.text`,
  );
  const remove = sqlite.prepare<[string]>("DELETE FROM rule_files WHERE name = ?");
  const live = sqlite.prepare<[], LivePlan>(
    `SELECT id, plan ->> '$.policy' AS policy, plan ->> '$.runbook.sha256' AS runbook, runbook_id AS runbookId
     FROM requests WHERE state IN ('pending', 'approved', 'executing') AND state <> 'executing'`,
  );
  const waiting = sqlite.prepare<[], { id: number }>(
    `SELECT a.id FROM alerts a WHERE a.status = 'firing' AND (
       SELECT r.state FROM requests r WHERE r.incident_id = a.incident_id AND r.episode_id = a.id
       ORDER BY r.created_at DESC, r.rowid DESC LIMIT 1) IN ('denied', 'superseded')`,
  );

  /** Empty where nobody has ever looked. */
  const seen = (): RuleFile[] => all.all();

  /** The first look at a folder: from here on changes are told. */
  function begin(files: readonly RuleFile[]): void {
    write(() => {
      for (const { name, sha256, text } of files) put.run(name, sha256, text);
      const hashes = Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256]));
      append("rules.read", { files: hashes });
    });
  }

  /**
   * Takes a change in: recorded with its diff, what was asked under the old rules is void, and what could not be
   * asked, or was voided, is tried again under the new ones.
   * @returns how many requests were voided
   */
  function change(found: readonly RuleChange[], rules: RulesNow): number {
    return write(() => {
      for (const each of found) save(each);
      const voided = live.all().filter((plan) => {
        const why = whyVoid(plan, rules);
        return why !== null && end(plan.id, why);
      }).length;
      for (const { id } of waiting.all()) steps.enqueue("propose", String(id), now());
      const texts = found.map(({ summary }) => `${summary}.`);
      if (voided > 0) texts.push(`${voided} asked under the old rules: void, and asked anew.`);
      notices.say(texts.join(" "));
      grants.voidUnder(rules);
      return voided;
    });
  }

  function save({ name, before, after, summary, diff, text }: RuleChange): void {
    if (text === null) remove.run(name);
    else put.run(name, after, text);
    append(CHANGED[name] ?? "runbook.changed", { file: name, before, after, summary, diff });
  }

  function whyVoid(plan: LivePlan, { policyHash, runbookHashes }: RulesNow): string | null {
    if (!runbookHashes.includes(plan.runbook)) {
      return `runbooks/${plan.runbookId}.md was changed since this was shown`;
    }
    if (policyHash === null || policyHash === plan.policy) return null;
    return "policy.yaml was changed since this was shown";
  }

  function append(kind: string, data: Record<string, unknown>): void {
    record.append({ kind, actor: "countersign", incidentId: null, data });
  }

  function write<T>(work: () => T): T {
    return changes.commit(() => sqlite.transaction(work).immediate());
  }

  return {
    seen,
    begin,
    change,
    untold: notices.untold,
    told: notices.told,
    noticesSince: notices.since,
  };
}

export type Rules = ReturnType<typeof createRules>;
