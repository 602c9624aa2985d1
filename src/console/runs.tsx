import type { IncidentView } from "../chat/card.ts";
import type { Execution } from "../execution/execution.ts";
import { undoOf } from "../execution/execution.ts";
import type { Verification } from "../verification/verification.ts";
import { Block, CsrfField, State, Text, When } from "./parts.tsx";
import type { Session } from "./ports.ts";
import { duration, executionWords, verificationWords } from "./words.ts";

const OUTPUT_HEAD = 2_000;
const OUTPUT_TAIL = 10_000;

export function Runs(props: { view: IncidentView; session: Session; now: Date }) {
  const { executions, verifications } = props.view;
  if (executions.length === 0) return null;
  return (
    <Block id="runs" title="What ran">
      {executions.map((execution) => (
        <Run
          execution={execution}
          verification={verifications.find((found) => found.executionId === execution.id) ?? null}
          isUndoable={undoOf(execution, props.view.requests, props.now) !== null}
          session={props.session}
          now={props.now}
        />
      ))}
    </Block>
  );
}

function Run(props: {
  execution: Execution;
  verification: Verification | null;
  isUndoable: boolean;
  session: Session;
  now: Date;
}) {
  const { execution, verification, isUndoable, now } = props;
  const { startedAt, finishedAt } = execution;
  return (
    <article class="run">
      <p class="over">
        <State {...executionWords(execution)} />
        <span>
          <Text of={`${execution.runbookId}, ${execution.actionId}`} /> on{" "}
          <code>
            <Text of={execution.target} as="exact" />
          </code>
        </span>
        <span>
          {startedAt === null ? "claimed" : "started"}{" "}
          <When at={startedAt ?? execution.claimedAt} now={now} />
          {startedAt === null || finishedAt === null
            ? null
            : `, took ${duration(finishedAt.getTime() - startedAt.getTime())}`}
        </span>
        <code class="id">{execution.id}</code>
      </p>
      <Output execution={execution} />
      {verification === null ? null : (
        <p class="verification">
          <State {...verificationWords[verification.outcome]} /> <Text of={verification.detail} />{" "}
          <small>
            (looked at <When at={verification.judgedAt} now={now} />)
          </small>
        </p>
      )}
      {isUndoable ? <Undo execution={execution} session={props.session} /> : null}
      {execution.state === "unknown" ? (
        <Review execution={execution} session={props.session} />
      ) : null}
    </article>
  );
}

function Output({ execution }: { execution: Execution }) {
  const { output } = execution;
  if (output === null) return null;
  if (output.trim() === "") return <p class="quiet">It wrote nothing.</p>;
  const left = output.length - OUTPUT_HEAD - OUTPUT_TAIL;
  return (
    <pre class="output" tabindex={0}>
      {left <= 0 ? (
        <Text of={output} as="block" />
      ) : (
        <>
          <Text of={output.slice(0, OUTPUT_HEAD)} as="block" />
          {"\n"}
          <em>… {left} characters left out of this page …</em>
          {"\n"}
          <Text of={output.slice(-OUTPUT_TAIL)} as="block" />
        </>
      )}
    </pre>
  );
}

function Undo({ execution, session }: { execution: Execution; session: Session }) {
  return (
    <form
      method="post"
      action={`/executions/${encodeURIComponent(execution.id)}/undo`}
      class="review"
    >
      <CsrfField csrf={session.csrf} />
      <input type="hidden" name="incident" value={execution.incidentId} />
      <button type="submit">Ask to undo it</button>
    </form>
  );
}

function Review({ execution, session }: { execution: Execution; session: Session }) {
  if (execution.reviewedBy !== null) {
    return (
      <p class="under">
        Looked at by <Text of={execution.reviewedBy} />.
      </p>
    );
  }
  return (
    <form
      method="post"
      action={`/executions/${encodeURIComponent(execution.id)}/reviewed`}
      class="review"
    >
      <CsrfField csrf={session.csrf} />
      <input type="hidden" name="incident" value={execution.incidentId} />
      <p>
        Nobody can say whether this took effect, and it is never repeated by itself. Look at the
        target, then mark it here; until then this action on this target always asks.
      </p>
      <button type="submit">Mark as looked at</button>
    </form>
  );
}
