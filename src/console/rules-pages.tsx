import { historyPath } from "./history-page.tsx";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, OutcomeMark, RiskMark, RunsLine, State, Table, Text, When } from "./parts.tsx";
import type { PolicyView, TargetLine } from "./reads.ts";
import { runbookPath } from "./runbook-pages.tsx";
import { plural } from "./words.ts";

const UNREADABLE =
  "policy.yaml can't be read, so nothing may run and nobody may decide. The line above names the place; npx countersign check names all.";

export function TargetsPage(props: { frame: Frame; targets: readonly TargetLine[] | null }) {
  const { frame, targets } = props;
  return (
    <Page frame={{ ...frame, title: "Targets", here: "targets" }}>
      <h1>Targets</h1>
      {targets === null ? (
        <p class="empty">{UNREADABLE}</p>
      ) : (
        <>
          <p class="under">
            {plural(targets.length, "entry", "entries")} of the inventory. On nothing else can an
            action run; <code>policy.yaml</code> lists them.
          </p>
          <Table label="Targets" head={["Name", "Executor", "Address", "State", "Record"]}>
            {targets.map((target) => (
              <tr>
                <th scope="row">
                  <a href={historyPath({ target: target.name })}>
                    <Text of={target.name} as="exact" />
                  </a>
                  {[...target.aliases, ...target.labels].map((word) => (
                    <small>
                      {" "}
                      <Text of={word} as="exact" />
                    </small>
                  ))}
                </th>
                <td>{target.executor}</td>
                <td>
                  <Text of={target.host} as="exact" />
                </td>
                <td>
                  <TargetState target={target} now={frame.now} />
                </td>
                <td>{target.runs === 0 ? "no runs" : <RunsLine runs={target} />}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </Page>
  );
}

function TargetState({ target, now }: { target: TargetLine; now: Date }) {
  const { maintenanceUntil, isProtected, reservedFor } = target;
  if (maintenanceUntil !== null) {
    return (
      <>
        <State word="Maintenance" tone="wait" /> until <When at={maintenanceUntil} now={now} />
      </>
    );
  }
  if (isProtected) return <State word="Protected: always high risk" tone="wait" />;
  if (reservedFor !== null) {
    return (
      <>
        Only for{" "}
        <a href={runbookPath(reservedFor)}>
          <Text of={reservedFor} />
        </a>
      </>
    );
  }
  return <>Open to the whitelist</>;
}

export function PolicyPage({ frame, policy }: { frame: Frame; policy: PolicyView | null }) {
  return (
    <Page frame={{ ...frame, title: "Policy", here: "policy" }}>
      <h1>Policy</h1>
      {policy === null ? <p class="empty">{UNREADABLE}</p> : <Policy policy={policy} />}
    </Page>
  );
}

function Policy({ policy }: { policy: PolicyView }) {
  return (
    <>
      <p class="under">
        As it is in effect now, every default filled in. SHA-256 <code>{policy.hash}</code>.{" "}
        <a href="/autonomy">What has earned to run unasked</a> ·{" "}
        <a href="/what-if">What would it have done?</a>
      </p>
      <Block id="rules" title="Who decides what">
        <dl class="facts wide-names">
          {policy.rules.map(({ name, text }) => (
            <div>
              <dt>{name}</dt>
              <dd>
                <Text of={text} />
              </dd>
            </div>
          ))}
          {policy.freezes.map(({ title, text }) => (
            <div>
              <dt>
                Freeze: <Text of={title} />
              </dt>
              <dd>
                <Text of={text} />
              </dd>
            </div>
          ))}
        </dl>
      </Block>
      <Block id="people" title="People">
        <Table label="People" head={["Name", "Roles", "Reached by"]}>
          {policy.people.map(({ name, roles, channels }) => (
            <tr>
              <th scope="row">
                <Text of={name} />
              </th>
              <td>{roles.join(", ")}</td>
              <td>{channels.join(", ")}</td>
            </tr>
          ))}
        </Table>
      </Block>
      <Block id="actions" title="What it makes of each action">
        <p class="under">
          As things are now, before alert, target, history and facts are looked at. Those can make
          it stricter, never laxer.
        </p>
        <Table label="Actions" head={["Action", "Risk", "Outcome", "Why"]}>
          {policy.actions.map(({ runbookId, title, risk, outcome }) => (
            <tr>
              <th scope="row">
                <a href={runbookPath(runbookId)}>
                  <Text of={title} />
                </a>
                <small> {runbookId}</small>
              </th>
              <td>
                <RiskMark risk={risk} />
              </td>
              <td>
                <OutcomeMark verdict={outcome.verdict} />
              </td>
              <td>
                <Text of={outcome.why.join(" ")} />
              </td>
            </tr>
          ))}
        </Table>
      </Block>
    </>
  );
}
