import type { PropsWithChildren } from "hono/jsx";
import type { Severity } from "../incident/alert.ts";
import type { Risk } from "../remediation/proposal.ts";
import type { ComponentCheck } from "./ports.ts";
import type { Outcome, Runs } from "./reads.ts";
import type { Exactness } from "./visible.ts";
import { piecesOf } from "./visible.ts";
import type { Tone } from "./words.ts";
import { exact, plural, relative, riskWords } from "./words.ts";

/** Text from outside: escaped, kept from reordering what stands beside it, hidden characters shown. */
export function Text({ of, as = "prose" }: { of: string; as?: Exactness }) {
  return (
    <bdi>
      {piecesOf(of, as).map((piece) =>
        piece.kind === "text" ? (
          piece.text
        ) : (
          <>
            {piece.shown}
            <mark class="cp" title="A character that is hidden or easily mistaken">
              {piece.codePoint}
            </mark>
          </>
        ),
      )}
    </bdi>
  );
}

export function When({ at, now }: { at: Date; now: Date }) {
  return (
    <time datetime={at.toISOString()} title={exact(at)} data-relative="">
      {relative(at, now)}
    </time>
  );
}

export function Countdown({ until, now }: { until: Date; now: Date }) {
  const isOver = until.getTime() <= now.getTime();
  return (
    <time
      class="countdown"
      datetime={until.toISOString()}
      title={exact(until)}
      data-countdown=""
      role="timer"
    >
      {isOver ? "expired" : relative(until, now)}
    </time>
  );
}

/** Three bars, filled up to the risk: shape and word say it, colour only repeats it. */
export function RiskMark({ risk }: { risk: Risk }) {
  const level = { low: 1, medium: 2, high: 3 }[risk];
  return (
    <span class={`risk risk-${risk}`}>
      <svg viewBox="0 0 14 12" width="14" height="12" aria-hidden="true">
        {[1, 2, 3].map((bar) => (
          <rect
            x={(bar - 1) * 5}
            y={9 - bar * 3}
            width="4"
            height={3 + bar * 3}
            class={bar <= level ? "on" : "off"}
          />
        ))}
      </svg>
      {riskWords[risk]}
    </span>
  );
}

const SEVERITY_SHAPES: Record<Severity, string> = {
  critical: "M7 .2L13.8 7 7 13.8.2 7z",
  warning: "M7 1.2L13.4 12.6H.6z",
  info: "M7 1a6 6 0 100 12A6 6 0 007 1z",
};

export function SeverityMark({ severity, short }: { severity: Severity | null; short?: boolean }) {
  const shape = severity === null ? "M2 5.6h10v2.8H2z" : SEVERITY_SHAPES[severity];
  return (
    <span class={`severity severity-${severity ?? "none"}`} title={severity ?? "no severity"}>
      <svg viewBox="0 0 14 14" width="13" height="13" aria-hidden="true">
        <path d={shape} />
      </svg>
      <span class={short ? "hidden" : ""}>{severity ?? "no severity"}</span>
    </span>
  );
}

const TONE_SHAPES: Record<Tone, string> = {
  wait: "M6 1a5 5 0 100 10A5 5 0 006 1zm0 1.6a3.4 3.4 0 110 6.8 3.4 3.4 0 010-6.8z",
  busy: "M6 1a5 5 0 100 10A5 5 0 006 1zm0 1.6v6.8a3.4 3.4 0 010-6.8z",
  good: "M4.7 10.2L.9 6.4l1.3-1.3 2.5 2.5 5.1-5.2 1.3 1.3z",
  bad: "M2.6 1.3L6 4.7l3.4-3.4 1.3 1.3L7.3 6l3.4 3.4-1.3 1.3L6 7.3l-3.4 3.4-1.3-1.3L4.7 6 1.3 2.6z",
  quiet: "M1.5 5.2h9v1.6h-9z",
};

export function State({ word, tone }: { word: string; tone: Tone }) {
  return (
    <span class={`state tone-${tone}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <path d={TONE_SHAPES[tone]} fill-rule="evenodd" />
      </svg>
      {word}
    </span>
  );
}

export function Block({
  title,
  id,
  note,
  children,
}: PropsWithChildren<{ title: string; id: string; note?: string }>) {
  return (
    <section class="block" aria-labelledby={id}>
      <h2 id={id}>
        {title}
        {note === undefined || note === "" ? null : <small> {note}</small>}
      </h2>
      {children}
    </section>
  );
}

export function Fact({ name, children }: PropsWithChildren<{ name: string }>) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** It scrolls sideways by itself where the page is too narrow for it. */
export function Table({
  label,
  head,
  children,
}: PropsWithChildren<{ label: string; head: readonly string[] }>) {
  return (
    <section class="table" aria-label={label} tabindex={0}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

const OUTCOMES = {
  auto_run: { word: "Runs unasked", tone: "busy" },
  ask: { word: "Asks", tone: "wait" },
  deny: { word: "Can't run", tone: "quiet" },
} as const;

export function OutcomeMark({ verdict }: { verdict: Outcome["verdict"] }) {
  return <State {...OUTCOMES[verdict]} />;
}

export function RunsLine({ runs: { runs, verified, stillFailing, unknown } }: { runs: Runs }) {
  return (
    <span class="over">
      <span>{plural(runs, "run")}</span>
      {verified > 0 ? <State word={`${verified} helped`} tone="good" /> : null}
      {stillFailing > 0 ? <State word={`${stillFailing} did not`} tone="bad" /> : null}
      {unknown > 0 ? <State word={`${unknown} unknown`} tone="bad" /> : null}
    </span>
  );
}

export function CheckList({ checks }: { checks: readonly ComponentCheck[] }) {
  return (
    <ul class="checks">
      {checks.map((check) => (
        <li>
          <State
            word={check.name.replaceAll("_", " ")}
            tone={check.status === "ok" ? "good" : check.status === "degraded" ? "wait" : "bad"}
          />
          <span class="detail">
            {check.status === "ok" ? "" : `${check.status}: `}
            <Text of={check.detail} />
          </span>
        </li>
      ))}
    </ul>
  );
}

export function CsrfField({ csrf }: { csrf: string }) {
  return <input type="hidden" name="csrf" value={csrf} />;
}
