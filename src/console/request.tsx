import type { DeniedRequest, PlannedRequest, Request } from "../approval/approval.ts";
import { calledText, isGrant, runAnywayOf } from "../approval/approval.ts";
import type { IncidentView } from "../chat/card.ts";
import type { FixRecord } from "../execution/execution.ts";
import { CommandText } from "./command.tsx";
import { DecisionForms, whoDecides } from "./decision-form.tsx";
import { Countdown, CsrfField, Fact, RiskMark, State, Text, When } from "./parts.tsx";
import type { Session } from "./ports.ts";
import { duration, grantWords, plural, requestWords } from "./words.ts";

interface Props<R extends Request> {
  readonly request: R;
  readonly view: IncidentView;
  readonly session: Session;
  readonly now: Date;
  readonly mustType: boolean;
}

/** One request with everything a person has to see before deciding, in the order they need it. */
export function RequestBlock(props: Props<Request>) {
  const { request } = props;
  return request.state === "denied" ? (
    <Denied {...props} request={request} />
  ) : (
    <Planned {...props} request={request} />
  );
}

function Planned({ request, view, session, now, mustType }: Props<PlannedRequest>) {
  const isOpen = request.state === "pending";
  const fix = view.fixes.find(({ requestId }) => requestId === request.id);
  return (
    <article class={`request risk-edge-${request.risk} ${isOpen ? "is-open" : ""}`}>
      <Heading request={request} />
      <CommandText command={request.plan.command} />
      <dl class="facts">
        <Fact name="Target">
          <code>
            <Text of={request.plan.target.name} as="exact" />
          </code>
          {request.plan.target.host === request.plan.target.name ? null : (
            <>
              {" "}
              at{" "}
              <code>
                <Text of={request.plan.target.host} as="exact" />
              </code>
            </>
          )}{" "}
          by <Text of={request.plan.executor} />
        </Fact>
        <Fact name="Plan code">
          <code class="code">{request.planCode}</code>
        </Fact>
        {isOpen || request.state === "approved" ? (
          <Fact name="Who may decide">
            <Text of={whoDecides(request)} />
            {request.quorum > 1 ? ` (${approvals(request)} of ${request.quorum} so far)` : null}
          </Fact>
        ) : null}
        {request.requester === null ? null : (
          <Fact name="Asked for by">
            <Text of={request.requester} />
          </Fact>
        )}
        {request.words === null ? null : (
          <Fact name="Says, unchecked">
            <q>
              <Text of={request.words} />
            </q>
          </Fact>
        )}
        {fix === undefined ? null : <Fact name="On this target so far">{fixWords(fix)}</Fact>}
        {isOpen ? <Called request={request} now={now} /> : null}
        {isOpen ? (
          <Fact name="Expires">
            <Countdown until={request.expiresAt} now={now} />
            <span class="hint">, and then it will not run</span>
          </Fact>
        ) : null}
      </dl>
      <Risk request={request} />
      <Votes request={request} now={now} />
      {request.endReason === null ? null : (
        <p class="under">
          <Text of={request.endReason} />
        </p>
      )}
      <RunAnyway request={request} view={view} session={session} />
      <DecisionForms request={request} session={session} mustType={mustType} />
      <Binding request={request} />
    </article>
  );
}

/** Asks for the same as a request of one's own; by the very command that could be typed. */
function RunAnyway(props: { request: PlannedRequest; view: IncidentView; session: Session }) {
  const { request, view, session } = props;
  const { id, state } = view.incident;
  const command = runAnywayOf(request, state === "resolved" ? null : id);
  if (command === null || !session.person.roles.includes("operator")) return null;
  return (
    <form method="post" action="/command">
      <CsrfField csrf={session.csrf} />
      <input type="hidden" name="text" value={command} />
      <button type="submit" id={`anyway-${request.planCode}`}>
        Ask for it all the same
      </button>
      <p class="hint">
        A new request, by you: <code>{command}</code>
      </p>
    </form>
  );
}

/** Escalation adds people; it is not a decision. */
function Called({ request, now }: { request: PlannedRequest; now: Date }) {
  const { escalated, pagedAt } = request.calls;
  if (escalated === null) return null;
  const called = calledText(escalated);
  return (
    <Fact name="Also called">
      <Text of={pagedAt === null ? called : `${called}, also by a page`} />{" "}
      <When at={escalated.at} now={now} />
    </Fact>
  );
}

function Denied({ request }: Props<DeniedRequest>) {
  return (
    <article class={`request risk-edge-${request.risk}`}>
      <Heading request={request} />
      {request.rehearsed === undefined ? null : (
        <CommandText command={request.rehearsed.plan.command} />
      )}
      <p>Nobody can approve this as it stands:</p>
      <Reasons request={request} />
      {request.rehearsed === undefined ? <ToMend request={request} /> : null}
    </article>
  );
}

function ToMend({ request }: { request: DeniedRequest }) {
  return (
    <p class="under">
      To mend it, add what is missing to <code>policy.yaml</code> in the runbooks folder, or change{" "}
      <code>
        <Text of={`${request.proposal.runbookId}.md`} />
      </code>{" "}
      beside it. <code>countersign check</code> tells whether the files are right, and the next
      alert is judged by them.
    </p>
  );
}

function Heading({ request }: { request: Request }) {
  return (
    <div class="heading">
      <h3>
        <Text of={request.proposal.actionTitle} />
      </h3>
      <RiskMark risk={request.risk} />
      <State {...wordsOf(request)} />
    </div>
  );
}

function wordsOf(request: Request) {
  if (request.state !== "succeeded" || !isGrant(request)) return requestWords[request.state];
  return grantWords[request.endReason === null ? "holds" : "ended"];
}

function Risk({ request }: { request: PlannedRequest }) {
  if (request.reasons.length === 0) return null;
  return (
    <div class="reasons">
      <h4>{headingOf(request)}</h4>
      <Reasons request={request} />
    </div>
  );
}

function Reasons({ request }: { request: Request }) {
  return (
    <ul>
      {request.reasons.map((reason) => (
        <li>
          <Text of={reason.text} /> <span class="rule">{reason.rule}</span>
        </li>
      ))}
    </ul>
  );
}

function Votes({ request, now }: { request: PlannedRequest; now: Date }) {
  if (request.votes.length === 0) return null;
  return (
    <ul class="votes" aria-label="Votes">
      {request.votes.map((vote) => (
        <li>
          <State
            word={vote.decision === "approve" ? "Approved" : "Rejected"}
            tone={vote.decision === "approve" ? "good" : "bad"}
          />{" "}
          by{" "}
          <b>
            <Text of={vote.person} />
          </b>{" "}
          on {vote.channel} <When at={vote.at} now={now} />
          {vote.reason === null ? null : (
            <q>
              <Text of={vote.reason} />
            </q>
          )}
        </li>
      ))}
    </ul>
  );
}

/** For whoever wants to check that what is shown is what runs. */
function Binding({ request }: { request: PlannedRequest }) {
  const { plan } = request;
  return (
    <details class="binding" id={`binding-${request.planCode}`}>
      <summary>What an approval is bound to</summary>
      <dl class="facts wide-facts">
        <Fact name="Digest">
          <code>{request.digest}</code>
        </Fact>
        <Fact name="Runbook">
          <code>
            <Text of={plan.runbook.id} as="exact" />
          </code>
          , action{" "}
          <code>
            <Text of={plan.action} as="exact" />
          </code>
          , file <code>{plan.runbook.sha256}</code>
        </Fact>
        {plan.files.map((file) => (
          <Fact name="Program or script">
            <code>
              <Text of={file.path} as="exact" />
            </code>{" "}
            <code>{file.sha256}</code>
          </Fact>
        ))}
        <Fact name="Time limit">{duration(plan.timeoutMs)}</Fact>
        <Fact name="Precondition">
          {plan.precondition === null || plan.precondition === undefined ? (
            "none"
          ) : (
            <code>
              <Text of={JSON.stringify(plan.precondition)} as="exact" />
            </code>
          )}
        </Fact>
        <Fact name="Policy">
          <code>
            <Text of={plan.policy} as="exact" />
          </code>
        </Fact>
      </dl>
    </details>
  );
}

function fixWords({ runs, verified, medianMs }: FixRecord): string {
  if (runs === 0) return "not tried before";
  const median = medianMs === null ? "" : `, median ${duration(medianMs)}`;
  return `fixed this ${verified} of ${plural(runs, "time")}${median}`;
}

function headingOf(request: PlannedRequest): string {
  if (request.isApprovedByPolicy) return "Why it runs unasked";
  return request.state === "pending" ? "Why it asks" : "Why it asked";
}

function approvals(request: PlannedRequest): number {
  return request.votes.filter((vote) => vote.decision === "approve").length;
}
