import type { Catalogue } from "./remediation/catalogue.ts";
import { compareRules } from "./remediation/compare-rules.ts";
import type { RuleChange, RuleFile } from "./remediation/rule-change.ts";
import type { Store } from "./store/store.ts";

const EVERY_MS = 5_000;

interface Deps {
  readonly catalogue: Catalogue;
  readonly rules: Store["rules"];
  readonly redact: (text: string) => string;
  /** Tells every channel. */
  readonly announce: (text: string) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Notices that somebody changed the policy or a runbook, also while the program was not running: a quiet edit must not
 * change who may approve what (T60).
 */
export function createRuleWatch({ catalogue, rules, redact, announce, onFailure }: Deps) {
  let timer: NodeJS.Timeout | undefined;
  let underWay = Promise.resolve();

  async function look(): Promise<void> {
    const files = catalogue.files()?.map((file) => ({ ...file, text: redact(file.text) }));
    if (files !== undefined) await compare(files);
    for (const { id, text } of await rules.untold()) {
      announce(`📜 ${text}`);
      await rules.told(id);
    }
  }

  async function compare(files: readonly RuleFile[]): Promise<void> {
    const before = await rules.seen();
    if (before.length === 0) await rules.begin(files);
    else await takeIn(compareRules(before, files));
  }

  async function takeIn(found: readonly RuleChange[]): Promise<void> {
    if (found.length === 0) return;
    const { runbooks, policy } = catalogue.read();
    await rules.change(found, {
      policyHash: policy?.hash ?? null,
      runbookHashes: runbooks.map(({ sha256 }) => sha256),
    });
  }

  function check(): Promise<void> {
    underWay = underWay.then(look).catch(onFailure);
    return underWay;
  }

  return {
    /** Looks now; ends when what was found is stored and told. */
    check,
    start(): void {
      timer = setInterval(() => void check(), EVERY_MS);
      timer.unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await underWay;
    },
  };
}
