/** Declared by the runbook; policy may raise it, nothing may lower it. */
export type Risk = "low" | "medium" | "high";

export type Outcome = "auto_run" | "ask" | "deny";

/** Why the policy said so: the rule's name for machines, the sentence for people. */
export interface Reason {
  readonly rule: string;
  readonly text: string;
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly risk: Risk;
  readonly reasons: readonly Reason[];
  /** For a denial that ends by itself (freeze, maintenance): when to ask again. */
  readonly until: Date | null;
}

/** An inventory entry that a rendered target resolved to, by name or alias, exactly. */
export interface Target {
  readonly name: string;
  readonly host: string;
  readonly executor: string;
  /** Where a command on this target starts; `/` unless the target is the built-in sandbox. */
  readonly directory: string;
  /** The file with what a service wants to be shown, where it wants that. */
  readonly tokenFile?: string;
}

/** A runbook's action with its parameters filled in for one alert: everything that decides what would run. */
export interface Proposal {
  readonly runbookId: string;
  /** SHA-256 of the runbook file as it was read. */
  readonly runbookHash: string;
  readonly runbookTitle: string;
  readonly actionId: string;
  readonly actionTitle: string;
  readonly declaredRisk: Risk;
  readonly executor: string;
  readonly params: Readonly<Record<string, string>>;
  readonly target: Target;
  /** The action's `with`, every placeholder filled. */
  readonly with: Readonly<Record<string, unknown>>;
  /** The action of the same runbook that undoes it; null where nothing does. */
  readonly rollback: string | null;
}

/** Why an action that matches the alert can't be put forward at all. */
export interface Unfit {
  readonly runbookId: string;
  readonly actionId: string;
  readonly actionTitle: string;
  readonly declaredRisk: Risk;
  readonly reason: Reason;
}

/** What will happen, exactly as the card shows it and as it runs. There is no shell in it anywhere. */
export type Command =
  | {
      readonly kind: "argv";
      readonly argv: readonly [string, ...string[]];
      readonly directory: string;
    }
  | {
      readonly kind: "http";
      readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
      /** Which service is asked, as `https://host:port`; left out for the container engine. */
      readonly origin?: string;
      readonly path: string;
      readonly body: unknown;
      readonly tokenFile?: string;
      /** What the service itself calls the thing that the path names by a number. */
      readonly meant?: string;
    }
  | {
      readonly kind: "ssh";
      /** The inventory's word for the machine, as ssh is given it. */
      readonly host: string;
      /** The words that the program there gets, each as it is. */
      readonly argv: readonly [string, ...string[]];
      /** The machine that is meant; null where nobody has looked yet, and then nothing can run. */
      readonly peer: SshPeer | null;
    }
  | {
      readonly kind: "signals";
      /** Each next one only if the process is still there after the grace; none where it is only looked at. */
      readonly signals: readonly ("SIGTERM" | "SIGKILL")[];
      readonly graceMs: number;
      readonly among: readonly string[];
      /** The one that is meant; null where nobody has looked yet, and then nothing can be sent. */
      readonly process: ProcessIdentity | null;
    }
  | {
      /** Nothing runs: from then on the action may run unasked on the plan's target. */
      readonly kind: "grant";
      /** The action's `with` as its runbook has it, placeholders and all. */
      readonly with: Readonly<Record<string, unknown>>;
      /** The rule that its record has passed. */
      readonly verifiedInARow: number;
      readonly noneRejectedInMs: number;
    };

/** Where ssh leads and what the machine there is known by. */
export interface SshPeer {
  /** `user@machine:port`, as the settings resolve. */
  readonly address: string;
  /** The fingerprints that are pinned for it; it has to prove one of them. */
  readonly hostKeys: readonly string[];
  /** SHA-256 of everything ssh's settings say about it. */
  readonly settings: string;
}

/** One process and no other: its pid goes to another one after it, its start within a boot does not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly name: string;
  readonly user: string;
  readonly uid: number;
  /** In ticks since boot, as /proc has it. */
  readonly startTicks: string;
  readonly bootId: string;
}
