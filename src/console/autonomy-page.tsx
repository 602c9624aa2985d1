import type { Autonomy, Reviewable, Standing, TrackRecord } from "../remediation/track-record.ts";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, CsrfField, State, Table, Text, When } from "./parts.tsx";
import type { Session } from "./ports.ts";
import { runbookPath } from "./runbook-pages.tsx";

interface Props {
  readonly frame: Frame & { session: Session };
  readonly autonomy: Autonomy;
}

/** What has earned to run unasked, on which target and with which record; one form each to take it back. */
export function AutonomyPage({ frame, autonomy }: Props) {
  const { standings, reviewable } = autonomy;
  return (
    <Page frame={{ ...frame, title: "Autonomy", here: "policy" }}>
      <h1>Autonomy</h1>
      <p class="under">{ruleLine(autonomy)}</p>
      <Block id="standings" title="Low risk, by target">
        {standings.length === 0 ? (
          <p class="empty">No low risk action has run yet.</p>
        ) : (
          <Table label="Low risk actions" head={["Action", "Target", "Record", "State", ""]}>
            {standings.map((standing) => (
              <Row standing={standing} frame={frame} />
            ))}
          </Table>
        )}
      </Block>
      {reviewable.length === 0 ? null : (
        <Block id="reviewable" title="Medium, and as good as what earns">
          <p class="under">
            Their owners might review these and declare them low. Nothing does so by itself.
          </p>
          <Table label="Medium risk actions to review" head={["Action", "Targets", "Record"]}>
            {reviewable.map((one) => (
              <ReviewRow one={one} />
            ))}
          </Table>
        </Block>
      )}
    </Page>
  );
}

function Row({ standing, frame }: { standing: Standing; frame: Props["frame"] }) {
  const { runbookId, actionId, target, grantedAt, missing } = standing;
  return (
    <tr>
      <Named of={standing} />
      <td>
        <Text of={target} as="exact" />
      </td>
      <td class="long">{recordText(standing.record)}</td>
      <td class="long">
        {grantedAt === null ? (
          <>
            <State word="Asks" tone="quiet" />{" "}
            <Text of={missing ?? "it has passed the rule; people are asked after its next run"} />
          </>
        ) : (
          <>
            <State word="Runs unasked" tone="good" /> earned <When at={grantedAt} now={frame.now} />
          </>
        )}
      </td>
      <td>
        {grantedAt === null ? null : (
          <form method="post" action="/autonomy/revoke">
            <CsrfField csrf={frame.session.csrf} />
            <input type="hidden" name="runbook" value={runbookId} />
            <input type="hidden" name="action" value={actionId} />
            <input type="hidden" name="target" value={target} />
            <button type="submit" class="plain">
              Take back
              <span class="hidden">
                {" "}
                that {actionId} of {runbookId} runs unasked on {target}
              </span>
            </button>
          </form>
        )}
      </td>
    </tr>
  );
}

function ReviewRow({ one }: { one: Reviewable }) {
  return (
    <tr>
      <Named of={one} />
      <td>
        <Text of={one.targets.join(", ")} />
      </td>
      <td class="long">{recordText(one.record)}</td>
    </tr>
  );
}

function Named({ of }: { of: Pick<Standing, "runbookId" | "actionTitle"> }) {
  return (
    <th scope="row">
      <a href={runbookPath(of.runbookId)}>
        <Text of={of.actionTitle} />
      </a>
    </th>
  );
}

function ruleLine({ auto, rule }: Autonomy): string {
  switch (auto) {
    case null:
      return "policy.yaml can't be read, so nothing may run.";
    case true:
      return "The policy lets low risk run unasked; nothing has to earn it.";
    case false:
      return "The policy lets nothing run unasked.";
    case "earned":
      return `Low risk asks until it has earned to run unasked on a target: ${rule}. Then people are asked like for a high risk, and the first run that does not help takes it back.`;
  }
}

function recordText({
  approved,
  verified,
  stillFailing,
  otherwise,
  rejected,
  inARow,
}: TrackRecord) {
  return `${approved} approved, ${verified} verified, ${stillFailing} still failing, ${otherwise} otherwise, ${rejected} rejected; ${inARow} in a row`;
}
