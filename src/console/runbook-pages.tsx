import { historyPath } from "./history-page.tsx";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Markdown } from "./markdown.tsx";
import { Block, Fact, OutcomeMark, RiskMark, RunsLine, Text } from "./parts.tsx";
import type { ActionView, RunbookLine, RunbookView } from "./reads.ts";
import { duration, plural } from "./words.ts";

export function RunbooksPage(props: { frame: Frame; runbooks: readonly RunbookLine[] }) {
  const used = props.runbooks.filter(({ runs }) => runs > 0).sort((a, b) => b.runs - a.runs);
  const others = props.runbooks.filter(({ runs }) => runs === 0);
  return (
    <Page frame={{ ...props.frame, title: "Runbooks", here: "runbooks" }}>
      <h1>Runbooks</h1>
      <p class="under">
        {plural(props.runbooks.length, "reviewed file")}. Nothing that is not written in one of them
        can run.
      </p>
      {used.length === 0 ? null : (
        <Block id="used" title="With a record">
          <Lines runbooks={used} />
        </Block>
      )}
      {others.length === 0 ? (
        props.runbooks.length > 0 ? null : (
          <p class="empty">
            The runbook folder has none that can be read. <code>npx countersign check</code> says
            why.
          </p>
        )
      ) : (
        <Block id="others" title={used.length === 0 ? "All" : "Not used yet"}>
          <Lines runbooks={others} />
        </Block>
      )}
    </Page>
  );
}

function Lines({ runbooks }: { runbooks: readonly RunbookLine[] }) {
  return (
    <ul class="incidents plain-list">
      {runbooks.map((runbook) => (
        <li>
          <a href={runbookPath(runbook.id)}>
            <span class="name">
              <Text of={runbook.title} />
            </span>
            <span class="outcome">
              {runbook.runs > 0 ? (
                <RunsLine runs={runbook} />
              ) : (
                <small>
                  {runbook.actions === 0 ? "to read only" : plural(runbook.actions, "action")}
                </small>
              )}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function RunbookPage({ frame, runbook }: { frame: Frame; runbook: RunbookView }) {
  const { id, title, sha256, body, match, actions, known } = runbook;
  return (
    <Page frame={{ ...frame, title, here: "runbooks" }}>
      <div class="title">
        <p class="over">
          <a href="/runbooks">Runbooks</a>
          <code>
            <Text of={`${id}.md`} as="exact" />
          </code>
          <a href={historyPath({ runbook: id })}>Its incidents</a>
        </p>
        <h1>
          <Text of={title} />
        </h1>
      </div>
      <Block id="actions" title="What may be done" note={plural(actions.length, "action")}>
        {actions.length === 0 ? (
          <p class="under">Nothing: this runbook is for people to read.</p>
        ) : null}
        {actions.map((action) => (
          <Action action={action} />
        ))}
      </Block>
      <Block id="prose" title="To read">
        <Markdown text={body} known={known} />
      </Block>
      <Block id="file" title="When it applies">
        <ul class="plain-facts">
          {match.map((one) => (
            <li>
              <code>
                <Text of={one} />
              </code>
            </li>
          ))}
        </ul>
        <p class="under">
          SHA-256 of the file: <code>{sha256}</code>
        </p>
      </Block>
    </Page>
  );
}

function Action({ action }: { action: ActionView }) {
  const { medianRecoveryMs } = action;
  return (
    <article class="request">
      <div class="heading">
        <h3>
          <Text of={action.title} />
        </h3>
        <RiskMark risk={action.risk} />
        <OutcomeMark verdict={action.outcome.verdict} />
      </div>
      <p class="under">
        {action.outcome.why.map((why) => (
          <>
            <Text of={why} />{" "}
          </>
        ))}
      </p>
      <pre class="argv" tabindex={0}>
        <code>
          <Text of={action.with} as="block" />
        </code>
      </pre>
      <dl class="facts">
        <Fact name="Executor">{action.executor}</Fact>
        <Fact name="Targets">
          {action.targets === "" ? "none in the inventory" : <Text of={action.targets} />}
        </Fact>
        {action.params.length === 0 ? null : (
          <Fact name="Parameters">
            <Text of={action.params.join("; ")} />
          </Fact>
        )}
        <Fact name="Record">
          {action.runs === 0 ? "has never run" : <RunsLine runs={action} />}
        </Fact>
        {medianRecoveryMs === null ? null : (
          <Fact name="Recovery">{duration(medianRecoveryMs)} in half of the verified cases</Fact>
        )}
      </dl>
    </article>
  );
}

export function runbookPath(id: string): string {
  return `/runbooks/${encodeURIComponent(id)}`;
}
